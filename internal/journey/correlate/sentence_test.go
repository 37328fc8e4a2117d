package correlate

import "testing"

// What a person typed is not made of other people's numbers.
func TestSentencesAreNotTakenApart(t *testing.T) {
	for text, core := range map[string]string{
		"Well done teacher5": "5",
		"See page 12":        "12",
	} {
		for _, v := range variants(text, nil) {
			if v.value == core {
				t.Errorf("%q is made from %q by %q", text, v.value, v.apply)
			}
		}
	}
	found := false
	for _, v := range variants("quiz-17-q3", nil) {
		found = found || v.value == "17"
	}
	if !found {
		t.Error("quiz-17-q3 is not made from 17")
	}
}
