// Package convtest reads small conversations that tests write down as text, and
// turns them into exchanges, one session for each user.
//
//	# why this conversation is worth a test
//	user ann course=17 title=Algebra
//	user bob course=23 title=Art
//
//	POST /login
//	> {"email":"$login","password":"$password"}
//	< 200
//	< Set-Cookie: sid=@sid; HttpOnly
//	< {"ok":true}
//	+2s GET /courses/$course
//	< 200 {"id":$course}
//
//	= s02 path[1] ← …
//
// A line that begins with a method starts a request ("+2s" before it: so long
// after the end of the answer before it; "&" instead: while that one is under
// way). Lines with > are its header fields and, last, its body; lines with < its
// answer. Lines with "=" are what the test expects, kept as they are.
//
// The line "login" stands for a log-in with a session cookie.
//
// $name is the user's variable; $login and $password exist for everybody and
// are pseudonyms. @name is a redacted token of the user's own, @@name one that
// is the same for all; %name and %%name are UUIDs alike. "if name:" before a
// request leaves it out for users without that variable.
package convtest
