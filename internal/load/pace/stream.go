package pace

import "math/rand/v2"

// What a stream of random numbers is for: two uses never share one.
const (
	ForArrivals uint64 = iota + 1
	ForPacing
	ForOffset
)

// Stream is a stream of random numbers of its own for each key: the same key
// gives the same numbers in every run, whatever else is drawn and when.
func Stream(seed uint64, key ...uint64) *rand.Rand {
	a, b := Mix(seed, uint64(len(key))), seed
	for _, k := range key {
		a, b = Mix(a, k), Mix(b, ^k)
	}
	return rand.New(rand.NewPCG(a, b))
}

// Mix is a step of splitmix64 over both.
func Mix(a, b uint64) uint64 {
	z := a + (b+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
