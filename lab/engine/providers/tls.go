package main

import (
	tls "github.com/hashicorp/terraform-provider-tls/shim"
	framework "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	bridgetokens "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// tlsVersion is the release of pulumi-tls that this answers like.
const tlsVersion = "5.6.2"

// tlsInfo says how the Terraform provider becomes pulumi-tls.
func tlsInfo() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            framework.ShimProvider(tls.New()),
		Name:         "tls",
		Version:      tlsVersion,
		Description:  "A Pulumi package to create TLS resources in Pulumi programs.",
		MetadataInfo: noHistory(),
		Resources: map[string]*tfbridge.ResourceInfo{
			"tls_self_signed_cert": {PreStateUpgradeHook: oldSelfSignedCertificate},
		},
		EnableZeroDefaultSchemaVersion: true,
		EnableAccurateBridgePreview:    true,
	}
	info.MustComputeTokens(bridgetokens.SingleModule("tls_", "index", bridgetokens.MakeStandard("tls")))
	return info
}

// oldSelfSignedCertificate completes states of pulumi-tls releases before 5, so that they differ in nothing from the
// inputs that they were made of: they lack what is false or empty at the top, and hold it as empty in the subject.
func oldSelfSignedCertificate(args tfbridge.PreStateUpgradeHookArgs) (int64, resource.PropertyMap, error) {
	state := args.PriorState
	if args.ResourceSchemaVersion != 0 || args.PriorStateSchemaVersion != 0 {
		return args.PriorStateSchemaVersion, state, nil
	}
	missing := resource.PropertyMap{
		"setSubjectKeyId":   resource.NewBoolProperty(false),
		"setAuthorityKeyId": resource.NewBoolProperty(false),
		"isCaCertificate":   resource.NewBoolProperty(false),
		"allowedUses":       resource.NewArrayProperty(nil),
	}
	for name, value := range missing {
		if !state.HasValue(name) {
			state[name] = value
		}
	}
	if state["subject"].IsObject() {
		subject := state["subject"].ObjectValue()
		for name, value := range subject {
			emptyText := value.IsString() && value.StringValue() == ""
			if emptyText || value.IsArray() && len(value.ArrayValue()) == 0 {
				delete(subject, name)
			}
		}
	}
	return 0, state, nil
}
