// Package v4 holds the options of a chart that the provider reads.
package v4

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

type (
	// RepositoryOptsInput is what RepositoryOpts are read from.
	RepositoryOptsInput interface{ pulumi.Input }

	// PostRendererInput is what a PostRenderer is read from.
	PostRendererInput interface{ pulumi.Input }

	// RepositoryOpts say where a chart is.
	RepositoryOpts struct {
		CaFile   pulumi.AssetOrArchive `pulumi:"caFile"`
		CertFile pulumi.AssetOrArchive `pulumi:"certFile"`
		KeyFile  pulumi.AssetOrArchive `pulumi:"keyFile"`
		Password *string               `pulumi:"password"`
		Repo     *string               `pulumi:"repo"`
		Username *string               `pulumi:"username"`
	}

	// PostRenderer is a command that changes a rendered chart.
	PostRenderer struct {
		Args    []string `pulumi:"args"`
		Command string   `pulumi:"command"`
	}
)
