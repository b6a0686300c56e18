// Package shim reaches the provider, which its module keeps internal: it is named as if it were a part of it.
package shim

import (
	terraform "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// New makes the Terraform provider for random values.
func New() terraform.Provider { return provider.New() }
