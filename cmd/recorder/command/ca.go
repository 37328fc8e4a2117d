package command

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newCA is "recorder ca".
func newCA(s cli.Streams) *cobra.Command {
	var dir, export string
	var pem bool
	c := &cobra.Command{
		Use:   "ca",
		Short: "Show the certificate that browsers must trust for https through the forward proxy",
		Long: `The forward proxy answers for https sites with certificates of an authority that
is made once on this machine, on first use. A browser that shall be recorded must
trust it. Its key stays in a folder that only its owner can read: whoever has it
can stand in for every site to that browser, so let only browsers for recording
trust it, and remove it there when the recording is done.

The reverse proxy (--target) needs none of this.`,
		Example: `  recorder ca
  recorder ca --export firedrill-ca.pem
  recorder ca --pem | sudo tee /usr/local/share/ca-certificates/firedrill.crt`,
		Args: cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := drill.OpenAuthority(dir)
			if err != nil {
				return err
			}
			switch {
			case pem:
				_, err := s.Out.Write(a.PEM())
				return err
			case export != "":
				if err := os.WriteFile(export, a.PEM(), 0o644); err != nil {
					return cli.Usagef("export the certificate: %w", err)
				}
				fmt.Fprintf(s.Err, "certificate: %s\n", export)
				return nil
			}
			if a.Created {
				fmt.Fprintln(s.Err, "a new certificate authority was made")
			}
			path := a.CertPath()
			fmt.Fprintf(s.Out, `certificate  %s
SHA-256      %s
good until   %s

To record https through the forward proxy, let a browser of its own trust it:
  Chrome, Edge   a profile of its own, then Settings > Privacy and security > Security > Manage certificates > import
  Firefox        Settings > Privacy & Security > View Certificates > Authorities > Import
  macOS          security add-trusted-cert -p ssl -k ~/Library/Keychains/login.keychain-db %[1]s
  Debian         sudo cp %[1]s /usr/local/share/ca-certificates/firedrill.crt && sudo update-ca-certificates
  Windows        certutil -user -addstore Root %[1]s
  curl           curl --proxy http://127.0.0.1:8080 --cacert %[1]s https://…
`, path, a.Fingerprint(), a.Certificate().NotAfter.Format("2006-01-02"))
			return nil
		},
	}
	c.Flags().StringVar(&dir, "ca-dir", "", "folder of the authority (default: in the user's configuration)")
	c.Flags().StringVar(&export, "export", "", "write the certificate (not the key) into a file")
	c.Flags().BoolVar(&pem, "pem", false, "write the certificate to standard output, in PEM")
	return c
}
