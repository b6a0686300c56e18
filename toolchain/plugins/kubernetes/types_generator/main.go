// Writes the types of Kubernetes' built-in kinds as JSON: field names and what Go's JSON does with each of them.
//
// The official provider sends every built-in object through these types before it compares or applies it. Which fields
// vanish on the way (no pointer, zero, "omitempty") is said by the Go types only, not by the API's OpenAPI documents.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	marshaler = reflect.TypeFor[json.Marshaler]()
	quantity  = reflect.TypeFor[resource.Quantity]()
	intOrText = reflect.TypeFor[intstr.IntOrString]()
	object    = reflect.TypeFor[metav1.Object]()
	raw       = map[reflect.Type]bool{reflect.TypeFor[runtime.RawExtension](): true, reflect.TypeFor[metav1.FieldsV1](): true}
	texts     = map[reflect.Type]bool{
		reflect.TypeFor[metav1.Time](): true, reflect.TypeFor[metav1.MicroTime](): true, reflect.TypeFor[metav1.Duration](): true,
	}
	types = map[string]map[string]string{}
)

func main() {
	kinds := map[string]string{}
	for gvk, kind := range scheme.Scheme.AllKnownTypes() {
		if !reflect.PointerTo(kind).Implements(object) || gvk.Version == runtime.APIVersionInternal {
			continue
		}
		group := gvk.Group
		if group != "" {
			group += "/"
		}
		kinds[group+gvk.Version+"/"+gvk.Kind] = strings.TrimPrefix(code(kind), "@")
	}
	fmt.Print("{\"kinds\": {\n", lines(kinds), "},\n\"types\": {\n", lines(types), "}}\n")
}

// lines has one entry a line, so that a new version of Kubernetes can be read as a diff.
func lines[V any](table map[string]V) string {
	var written []string
	for _, key := range slices.Sorted(maps.Keys(table)) {
		value, err := json.Marshal(table[key])
		if err != nil {
			panic(err)
		}
		written = append(written, fmt.Sprintf("%q: %s", key, value))
	}
	return strings.Join(written, ",\n") + "\n"
}

func name(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	return strings.Join(path[len(path)-2:], ".") + "." + t.Name()
}

// code is the letter of a type; the table's reader explains them.
func code(t reflect.Type) string {
	switch {
	case t == quantity:
		return "q"
	case t == intOrText:
		return "x"
	case texts[t]:
		return "t"
	case raw[t]:
		return "o"
	case t.Kind() != reflect.Pointer && t.Implements(marshaler), t.Kind() == reflect.Interface:
		return "o"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + code(t.Elem())
	case reflect.String:
		return "s"
	case reflect.Bool:
		return "b"
	case reflect.Float32, reflect.Float64:
		return "f"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return "i"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "y"
		}
		return "[" + code(t.Elem())
	case reflect.Map:
		return "{" + code(t.Elem())
	case reflect.Struct:
		if _, known := types[name(t)]; !known {
			types[name(t)] = map[string]string{}
			fields(t, types[name(t)])
		}
		return "@" + name(t)
	}
	panic("a type that JSON of the API does not have: " + t.String())
}

func fields(t reflect.Type, into map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		if field.Anonymous && tag[0] == "" {
			fields(field.Type, into)
			continue
		}
		if tag[0] == "" || tag[0] == "-" || !field.IsExported() {
			continue
		}
		written := code(field.Type)
		for _, option := range tag[1:] {
			switch option {
			case "omitempty":
				written += "?"
			case "omitzero":
				written += "0"
			}
		}
		into[tag[0]] = written
	}
}
