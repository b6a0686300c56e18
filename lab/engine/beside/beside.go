// Package beside reads what the installer put beside a provider plugin.
package beside

import (
	"fmt"
	"os"
	"path/filepath"
)

// Schema is the name of a package's schema: what its plugin's own command `schema` printed when it was installed.
const Schema = "schema.json"

// Read is the content of a file in the folder of the running program.
func Read(name string) ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("where is this program: %w", err)
	}
	return os.ReadFile(filepath.Join(filepath.Dir(program), name))
}
