// Package shim reaches the provider, which its module keeps internal: it is named as if it were a part of it.
package shim

import (
	terraform "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-provider-tls/internal/provider"
)

// New makes the Terraform provider for keys and certificates.
func New() terraform.Provider { return provider.New() }
