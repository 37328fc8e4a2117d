package command

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// Root is the command recorder, which records.
func Root(s cli.Streams) *cobra.Command {
	var o drill.RecordOptions
	var bodyCap string
	c := &cobra.Command{
		Use:   "recorder",
		Short: "Record what people do with a web application",
		Long: `recorder stands between browsers and a web application, passes everything on
as it comes, and keeps every exchange in a file that firedrill replays.
Passwords, cookies, tokens and e-mail addresses become stable pseudonyms before
they reach the disk.

With --target it is a reverse proxy: people open the recorder's address instead
of the application's. Several targets get several addresses. Without --target it
is a forward proxy that is set in the browser and opens TLS with a certificate
of its own (recorder ca); it connects only to the hosts that are named.

Ctrl-C ends a recording well: exchanges in flight may finish, the file is closed,
and what was recorded, and what was not, is said. That is exit status 0.`,
		Example: `  recorder --target http://localhost:4000 --out recordings/day.db
  recorder --listen 127.0.0.1:8080 --target https://staging.example.org --out recordings/staging.db
  recorder --target web=http://localhost:3000 --target api=http://localhost:4000
  recorder --listen 127.0.0.1:8080 --allow-host '*.example.org' --out recordings/forward.db
  recorder sessions recordings/day.db
  recorder show recordings/day.db 3`,
		Args:    cli.NoArgs,
		Version: drill.Version,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.BodyCap, err = parseBytes(bodyCap); err != nil {
				return err
			}
			o.Tool, o.Talk, o.Terminal, o.Width = "recorder "+drill.Version, s.Err, s.Terminal, s.Width
			if !c.Flags().Changed("who") {
				o.Who = userName()
			}
			result, err := drill.Record(c.Context(), o)
			if result.Path != "" {
				drill.PrintRecorded(s.Out, result)
			}
			return err
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.Targets, "target", nil, "application to record, [name=]URL; may be repeated")
	f.StringArrayVar(&o.Listen, "listen", nil, "address to listen on (default 127.0.0.1:8080), one for each target; those left over get the ports that follow")
	f.StringVar(&o.Out, "out", "", "file to record into (default recordings/recording-DATE-TIME.db); never overwritten")
	f.StringVar(&o.Forward, "forward", "", "address of a forward proxy beside the targets")
	f.StringArrayVar(&o.AllowHosts, "allow-host", nil, "host that the forward proxy may connect to: name, name:port or *.name; may be repeated (default: the targets)")
	f.BoolVar(&o.AllowAnyHost, "allow-any-host", false, "let the forward proxy connect to every host")
	f.BoolVar(&o.ListenAny, "listen-any", false, "listen also where other machines can reach it")
	f.StringVar(&o.Key, "key", "", "go on with the pseudonym key of another recording: both become one set")
	f.StringVar(&bodyCap, "body-cap", "8MiB", "bytes kept of one body")
	f.StringVar(&o.CADir, "ca-dir", "", "folder of the certificate authority (default: in the user's configuration)")
	f.StringVar(&o.UpstreamCA, "upstream-ca", "", "PEM file of authorities to believe about applications, beside the system's")
	f.BoolVar(&o.Insecure, "insecure", false, "believe every application's certificate")
	f.StringVar(&o.Who, "who", "", "who records, kept in the file (default: the user's name)")
	f.StringVar(&o.Why, "why", "", "what for, kept in the file")
	c.AddCommand(newSessions(s), newShow(s), newCheck(s), newImport(s), newExport(s), newPurge(s), newAudit(s), newCA(s))
	return c
}

// userName is who runs the program; "" where nobody knows.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// parseBytes reads a size: bytes, or a number with k, M or G (powers of 1024).
func parseBytes(text string) (int64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(text), "B"), "i")
	shift := 0
	if n := len(number); n > 0 {
		if i := strings.IndexByte("kMG", number[n-1]); i >= 0 {
			shift, number = 10*(i+1), strings.TrimSpace(number[:n-1])
		} else if number[n-1] == 'K' {
			shift, number = 10, strings.TrimSpace(number[:n-1])
		}
	}
	v, err := strconv.ParseInt(number, 10, 33)
	if err != nil || v <= 0 || v > (1<<30)>>shift {
		return 0, cli.Usagef("--body-cap %q is no size up to 1GiB", text).With("write bytes, or a number with KiB or MiB: %s", fmt.Sprint(8<<20))
	}
	return v << shift, nil
}
