package main

import (
	"context"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	bridgetokens "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	docker "github.com/terraform-providers/terraform-provider-docker/shim"
)

// dockerVersion is the release of pulumi-docker that this answers like.
const dockerVersion = "5.2.0"

// longestDockerName is where names that Pulumi makes are cut.
const longestDockerName = 255

// dockerInfo says how the Terraform provider becomes pulumi-docker: which tokens and properties have other names than
// the bridge would give them. The resource Image of pulumi-docker, which builds images, is no part of it.
func dockerInfo() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            sdkv2.NewProvider(docker.New()),
		Name:         "docker",
		Version:      dockerVersion,
		Description:  "A Pulumi package for interacting with Docker in Pulumi programs",
		MetadataInfo: noHistory(),
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				EnvVars: []string{"DOCKER_HOST"},
				ComputeDefault: func(context.Context, tfbridge.ComputeDefaultOptions) (any, error) {
					return "unix:///var/run/docker.sock", nil
				},
			}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_config": {Tok: dockerToken("serviceConfig:ServiceConfig")},
			"docker_container": {
				Tok:                 dockerToken("container:Container"),
				DeleteBeforeReplace: true, // its name and its ports can be held once only
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           {Name: "command"},
					"networks_advanced": {Name: "networksAdvanced"},
				},
			},
			"docker_image": {
				Tok:    dockerToken("remoteImage:RemoteImage"),
				Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
			},
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image": {Tok: tokens.ModuleMember(dockerToken("getRemoteImage:getRemoteImage"))},
		},
	}
	info.MustComputeTokens(bridgetokens.SingleModule("docker_", "index", bridgetokens.MakeStandard("docker")))
	info.MustApplyAutoAliases()
	info.SetAutonaming(longestDockerName, "-")
	return info
}

func dockerToken(name string) tokens.Type { return tokens.Type("docker:index/" + name) }

// noHistory says that no earlier release of a package is known, from whose shapes the bridge would make aliases.
func noHistory() *tfbridge.MetadataInfo { return tfbridge.NewProviderMetadata([]byte("{}")) }
