// The provider plugin kubernetes: upstream's, from its Go module.
//
//	pulumi-resource-kubernetes ADDRESS        serve as the plugin, for the engine at ADDRESS
//	pulumi-resource-kubernetes schema FILE    print the schema that FILE of upstream's module is; the installer keeps it
//	                                          beside the program
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"

	"portus-stack.lab/beside"
)

// release is what upstream called the commit in go.mod when it published it.
const release = "4.25.0"

// mappingFile is the Terraform provider's types and their names here, for `pulumi convert`.
const mappingFile = "terraform-mapping.json"

func main() {
	version.Version = release
	if len(os.Args) == 3 && os.Args[1] == "schema" {
		fail(printSchema(os.Args[2]))
		return
	}
	schema, err := beside.Read(beside.Schema)
	fail(err)
	mapping, err := beside.Read(mappingFile)
	fail(err)
	provider.Serve("kubernetes", release, schema, mapping)
}

// printSchema prints upstream's schema with its version, which the file lacks, and without its white space.
func printSchema(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var schema map[string]json.RawMessage
	if err := json.Unmarshal(text, &schema); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	schema["version"] = json.RawMessage(`"` + release + `"`)
	return json.NewEncoder(os.Stdout).Encode(schema)
}

// fail ends the program with the error, if it is one.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-kubernetes:", err)
		os.Exit(1)
	}
}
