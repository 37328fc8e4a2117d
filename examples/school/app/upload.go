package app

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"firedrill/examples/school/store"
)

var uploadRoutes = []route{
	{alias: "upload", pattern: "POST /api/v1/uploads", body: uploadBody, handle: upload},
	{alias: "file", pattern: "GET /api/v1/uploads/{id}", handle: file},
}

// uploadBody bounds the body of an upload: the file, and what a form has around it.
func uploadBody(o Options) int64 { return o.UploadLimit + maxBody }

// upload takes a form of multipart/form-data: purpose (submission or unit_plan), file, and with unit_plan perhaps
// unit_plan_id, the plan whose material the file becomes.
func upload(c *call) (reply, error) {
	in, err := c.multipart()
	if err != nil {
		return reply{}, err
	}
	wrong := fields{}
	switch {
	case in.purpose != store.PurposeSubmission && in.purpose != store.PurposeUnitPlan:
		wrong["purpose"] = "must be submission or unit_plan"
	case in.purpose == store.PurposeSubmission && c.user.Role != store.RoleStudent,
		in.purpose == store.PurposeUnitPlan && c.user.Role != store.RoleTeacher:
		return reply{}, errRole
	}
	unit := int64(0)
	if in.unit != "" {
		if unit, err = strconv.ParseInt(in.unit, 10, 32); err != nil || unit < 1 || in.purpose != store.PurposeUnitPlan {
			wrong["unit_plan_id"] = "is not an id, or not for this purpose"
		}
	}
	if in.name == "" || len(in.content) == 0 {
		wrong["file"] = "is required and must not be empty"
	} else {
		wrong.text("file", &in.name, 1, 200)
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	v, err := c.store.Upload(c.r.Context(), c.user, in.purpose, in.name, in.kind, in.content, unit)
	if err == nil {
		c.header.Set("Location", v.URL)
	}
	return created(v, err)
}

// uploadForm is what an upload's form holds.
type uploadForm struct {
	purpose, unit string
	name, kind    string
	content       []byte
}

// multipart reads an upload's form. A file over the limit is 413 before the rest of it is read.
func (c *call) multipart() (in uploadForm, err error) {
	large := newProblem(http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("The file is larger than %d bytes.", c.o.UploadLimit))
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		return in, newProblem(http.StatusUnsupportedMediaType, "media_type", "Send multipart/form-data.")
	}
	if c.r.ContentLength > uploadBody(c.o) {
		return in, large
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return in, errForm
	}
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return in, c.formError(err, large)
		}
		limit := int64(1000)
		if p.FormName() == "file" {
			limit = c.o.UploadLimit
		}
		b, err := io.ReadAll(io.LimitReader(p, limit+1))
		if err != nil {
			return in, c.formError(err, large)
		}
		if int64(len(b)) > limit {
			return in, large
		}
		in.take(p, b)
	}
}

func (in *uploadForm) take(p *multipart.Part, b []byte) {
	switch p.FormName() {
	case "purpose":
		in.purpose = string(b)
	case "unit_plan_id":
		in.unit = string(b)
	case "file":
		in.name, in.kind, in.content = strings.TrimSpace(p.FileName()), "application/octet-stream", b
		if kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type")); err == nil {
			in.kind = kind
		}
	}
}

// formError is a form that is too large, that cannot be read, or whose sender went away.
func (c *call) formError(err error, large *problem) error {
	var most *http.MaxBytesError
	switch {
	case errors.As(err, &most):
		return large
	case c.r.Context().Err() != nil:
		return errGone
	}
	return errForm
}

// file gives the bytes of an upload. Whoever has them already is told so with 304.
func file(c *call) (reply, error) {
	v, content, err := c.store.File(c.r.Context(), c.user, c.r.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	tag := `"` + v.SHA256 + `"`
	c.header.Set("ETag", tag)
	c.header.Set("Cache-Control", "private, no-cache")
	if c.r.Header.Get("If-None-Match") == tag {
		return reply{status: http.StatusNotModified}, nil
	}
	c.header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.Name}))
	return reply{status: http.StatusOK, kind: v.Type, body: content}, nil
}
