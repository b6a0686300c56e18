// The provider plugins docker, random and tls in one program: upstream's Terraform providers behind Pulumi's bridge.
//
// The name that it is called by, pulumi-resource-NAME, says which plugin it is. As one program they share what takes
// most of their build and of their size: Pulumi's SDK, the bridge, and the protocol of Terraform's providers.
//
//	pulumi-resource-NAME ADDRESS    serve as the plugin, for the engine at ADDRESS
//	pulumi-resource-NAME schema     print the package's schema; the installer keeps it beside the program
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	framework "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"portus-stack.lab/beside"
)

// plugin is one of the three.
type plugin struct {
	info func() tfbridge.ProviderInfo
	// onFramework says that upstream is written with Terraform's plugin framework, and not with its older SDK.
	onFramework bool
}

var plugins = map[string]plugin{
	"docker": {info: dockerInfo},
	"random": {info: randomInfo, onFramework: true},
	"tls":    {info: tlsInfo, onFramework: true},
}

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-resource-")
	chosen, known := plugins[name]
	if !known {
		fail(fmt.Errorf("called %s, but it is pulumi-resource-docker, pulumi-resource-random or pulumi-resource-tls", os.Args[0]))
	}
	if slices.Equal(os.Args[1:], []string{"schema"}) {
		fail(printSchema(chosen))
		return
	}
	serve(name, chosen)
}

// serve answers the engine until it ends the program.
func serve(name string, chosen plugin) {
	info := chosen.info()
	schema, err := beside.Read(beside.Schema)
	fail(err)
	if chosen.onFramework {
		framework.Main(context.Background(), name, info, framework.ProviderMetadata{PackageSchema: schema})
	} else {
		tfbridge.Main(name, info.Version, info, schema)
	}
}

// fail ends the program with the error, if it is one.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource:", err)
		os.Exit(1)
	}
}
