// Package kubernetes holds the little that the provider uses of Pulumi's Go SDK for Kubernetes. The SDK's 66 packages
// of generated code would take most of the provider's build.
package kubernetes

import "reflect"

// UntypedArgs are the arguments of a resource whose type is not known.
type UntypedArgs map[string]any

// ElementType implements pulumi.Input.
func (UntypedArgs) ElementType() reflect.Type { return reflect.TypeOf((*map[string]any)(nil)).Elem() }
