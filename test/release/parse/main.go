// Says what a program for macOS or Windows is, as Go's own parsers read it: its format, processor, libraries and sections.
package main

import (
	"debug/macho"
	"debug/pe"
	"fmt"
	"os"
)

func main() {
	if file, err := macho.Open(os.Args[1]); err == nil {
		libraries, _ := file.ImportedLibraries()
		fmt.Println("macho", file.Cpu, file.Type, len(libraries) > 0)
		for _, section := range file.Sections {
			fmt.Println(section.Seg, section.Name)
		}
		return
	}
	file, err := pe.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	libraries, _ := file.ImportedLibraries()
	fmt.Printf("pe %#x %v\n", file.Machine, len(libraries) >= 0)
	for _, section := range file.Sections {
		fmt.Println(section.Name)
	}
}
