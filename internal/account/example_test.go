package account_test

import (
	"fmt"
	"strings"

	"firedrill/internal/account"
)

func ExampleReadCSV() {
	accounts, err := account.ReadCSV("accounts.csv", strings.NewReader("persona,login,password\nteacher,ada@test.local,secret\n"))
	fmt.Println(accounts, err)
	_, err = account.ReadCSV("accounts.csv", strings.NewReader("persona,login,password\nteacher,,secret\n"))
	fmt.Println(err)
	// Output:
	// [teacher #1] <nil>
	// accounts.csv:2:9: the login is empty
}
