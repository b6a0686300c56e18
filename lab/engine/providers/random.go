package main

import (
	"context"
	"errors"

	framework "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	bridgetokens "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	random "github.com/terraform-providers/terraform-provider-random/shim"
)

// randomVersion is the release of pulumi-random that this answers like.
const randomVersion = "4.21.4"

// randomInfo says how the Terraform provider becomes pulumi-random: every resource is called Random-something.
func randomInfo() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            framework.ShimProvider(random.New()),
		Name:         "random",
		Version:      randomVersion,
		Description:  "A Pulumi package to safely use randomness in Pulumi programs.",
		MetadataInfo: noHistory(),
		Resources: map[string]*tfbridge.ResourceInfo{
			"random_bytes":  {ComputeID: idOfBytes},
			"random_string": {PreStateUpgradeHook: unmarkedString},
		},
		EnableAccurateBridgePreview: true,
		EnableRawStateDelta:         true,
	}
	info.MustComputeTokens(bridgetokens.SingleModule("random_", "index", randomToken))
	info.MustApplyAutoAliases()
	return info
}

func randomToken(module, name string) (string, error) {
	return bridgetokens.MakeStandard("random")(module, "Random"+name)
}

// idOfBytes is the ID of a RandomBytes, which Terraform gives none: the bytes in base64.
func idOfBytes(_ context.Context, state resource.PropertyMap) (resource.ID, error) {
	text := state["base64"]
	if text.IsSecret() {
		text = text.SecretValue().Element
	}
	if !text.IsString() {
		return "", errors.New("random_bytes: the state has no text base64")
	}
	return resource.ID(text.StringValue()), nil
}

// unmarkedString reads states of RandomString without a version, which old releases wrote, as of version 1.
func unmarkedString(args tfbridge.PreStateUpgradeHookArgs) (int64, resource.PropertyMap, error) {
	return max(args.PriorStateSchemaVersion, 1), args.PriorState, nil
}
