// Package shim reaches the provider, which its module keeps internal: it is named as if it were a part of it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New makes the Terraform provider for Docker.
func New() *schema.Provider { return provider.New("dev")() }
