// Package v2 is where the SDK registers a resource of any kind, which only the components ConfigGroup, ConfigFile,
// Directory and Chart do.
package v2

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource says that this build has no such components.
func RegisterResource(
	*pulumi.Context, string, string, string, pulumi.Input, ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	return nil, errors.New("this build of the Kubernetes provider has no components of YAML files and charts; " +
		"the official one has them (PROVIDERS=official)")
}
