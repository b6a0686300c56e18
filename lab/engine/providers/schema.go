package main

import (
	"context"
	"encoding/json"
	"os"

	frameworkgen "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// printSchema makes the schema as upstream does, but for the pages of documentation, which its modules do not carry:
// descriptions are those of the Terraform provider's own schema. It is made once, when the plugin is installed, as it
// takes longer than a start of the plugin may.
func printSchema(chosen plugin) error {
	schema, err := makeSchema(chosen)
	if err == nil {
		_, err = os.Stdout.Write(append(schema, '\n'))
	}
	return err
}

func makeSchema(chosen plugin) ([]byte, error) {
	info := chosen.info()
	sink := diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{Color: colors.Never})
	if chosen.onFramework {
		made, err := frameworkgen.GenerateSchema(context.Background(), frameworkgen.GenerateSchemaOptions{
			ProviderInfo: info, DiagnosticsSink: sink, XInMemoryDocs: true,
		})
		if err != nil {
			return nil, err
		}
		return made.ProviderMetadata.PackageSchema, nil
	}
	made, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo: info, DiagnosticsSink: sink, XInMemoryDocs: true,
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(made.PackageSpec)
}
