#include "place_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "code.h"
#include "cred/bundle_edit.h"
#include "cred/bundle_file.h"
#include "cred/bundle_plan.h"
#include "cred/bundle_scan.h"
#include "cred/types.h"
#include "say.h"

struct file {
	const char *name;
	bool std;  /* "-": read once, for it comes but once */
	bool read; /* there is something in held */
	struct bundle_file held;
};

int
file_open(const char *name, struct file **out)
{
	struct file *f = malloc(sizeof(*f));

	if (f == NULL)
		return say_no_memory();
	*f = (struct file){ .name = name, .std = strcmp(name, "-") == 0 };
	*out = f;
	return DONE;
}

static void
forget(struct file *f)
{
	if (f->read)
		bundle_file_fini(&f->held);
	f->read = false;
}

void
file_close(struct file *f)
{
	forget(f);
	free(f);
}

bool
file_is_new(const struct file *f)
{
	struct stat st;

	return !f->std && stat(f->name, &st) < 0 && errno == ENOENT;
}

/* What is there now is in held. */
static int
fetch(struct file *f)
{
	struct bundle_file_error e;
	int rc;

	if (f->std && f->read)
		return DONE;
	forget(f);
	rc = f->std
	    ? bundle_file_read_fd(STDIN_FILENO, "standard input", &f->held, &e)
	    : bundle_file_read(f->name, &f->held, &e);
	if (rc < 0)
		return say(outcome_of(rc), "%s%s", e.text,
		    code_of_read(rc, e.text));
	f->read = true;
	return DONE;
}

/* Of a text, so that two of them are told apart; 0 of none. */
static uint64_t
generation_of_text(const struct bundle_file *b)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	uint64_t n = 0;

	if (b->text == NULL ||
	    EVP_Q_digest(NULL, "SHA256", NULL, b->text, b->len, md, NULL) != 1)
		return 0;
	memcpy(&n, md, sizeof(n));
	return n;
}

static bool
add_to_digest(EVP_MD_CTX *md, const struct bundle_section *s)
{
	const uint64_t head[] = { (uint64_t)s->tag, (uint64_t)s->type, s->len };

	return EVP_DigestUpdate(md, head, sizeof(head)) == 1 &&
	    EVP_DigestUpdate(md, s->data, s->len) == 1;
}

/* The same of a directory; one that is made has none before, and no files. */
static uint64_t
generation_of_dir(const struct bundle *b)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint64_t n = 0;
	bool good;

	good = md != NULL && b->n > 0 &&
	    EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; good && i < b->n; i++)
		good = add_to_digest(md, &b->sections[i]);
	if (good && EVP_DigestFinal_ex(md, digest, NULL) == 1)
		memcpy(&n, digest, sizeof(n));
	EVP_MD_CTX_free(md);
	return n;
}

static uint64_t
generation(const struct bundle_file *b)
{
	return b->dir ? generation_of_dir(&b->bundle) : generation_of_text(b);
}

/* The "Digest:" of a section that has no value. */
static void
find_digest(const struct bundle_file *b, const struct bundle_section *section,
    char digest[BUNDLE_DIGEST_SIZE])
{
	struct bundle_scan s = { .text = b->text, .len = section->end };
	struct bundle_field field;
	struct bundle_line line;

	s.at = section->begin;
	for (; bundle_scan_line(&s, &line); bundle_scan_next(&s)) {
		if (!bundle_scan_field(&line, &field) ||
		    !bundle_scan_is(&field, "Digest"))
			continue;
		bundle_scan_trim(&field);
		if (field.value_len != BUNDLE_DIGEST_SIZE - 1)
			return;
		memcpy(digest, field.value, field.value_len);
		digest[field.value_len] = '\0';
	}
}

static bool
add_section(struct set *out, const struct bundle_file *b,
    const struct bundle_section *section)
{
	struct item *i;

	i = set_add(out, section->tag, section->type,
	    section->redacted ? NULL : section->data, section->len);
	if (i == NULL)
		return false;
	i->line = section->line;
	i->override = b->bundle.mode == BUNDLE_OVERRIDE;
	i->redacted = section->redacted;
	if (!section->redacted)
		return true;
	if (b->text != NULL)
		find_digest(b, section, i->digest);
	return true;
}

static int
fill(const struct bundle_file *b, int tag, int type, struct set *out)
{
	struct set s = { .generation = generation(b) };

	for (size_t i = 0; i < b->bundle.n; i++) {
		const struct bundle_section *section = &b->bundle.sections[i];

		if ((tag >= 0 && section->tag != tag) ||
		    (type != 0 && section->type != type))
			continue;
		if (!add_section(&s, b, section)) {
			set_fini(&s);
			return say_no_memory();
		}
	}
	set_sort(&s);
	*out = s;
	return DONE;
}

int
file_read(struct file *f, int tag, int type, struct set *out)
{
	const int rc = fetch(f);

	return rc != DONE ? rc : fill(&f->held, tag, type, out);
}

/* A change of a text, and what became of it. */
struct edit {
	const struct place_change *c;
	struct place_result *r;
	int rc;
	size_t failed;
};

static int
edit_text(void *arg, const struct bundle_file *old, struct buf *out)
{
	struct edit *e = arg;
	const struct place_change *c = e->c;
	const struct bundle_edit edit = { old->text, old->len, &old->bundle,
		c->note };
	struct bundle_edited done;

	e->failed = c->n;
	if (c->if_generation && c->generation != generation(old)) {
		e->rc = -ESTALE;
		return e->rc;
	}
	e->rc = bundle_edit(&edit, c->ops, c->n, &done);
	e->failed = done.failed;
	if (e->rc < 0)
		return e->rc;
	*out = done.text;
	e->r->count = done.count;
	return done.count.added + done.count.replaced + done.count.deleted >
	            0 ||
	        old->text == NULL
	    ? 0
	    : 1;
}

/* Why there was no change: one of the ops, or all of them together. */
static int
tell(const struct file *f, const struct edit *e)
{
	const struct cred_op *op =
	    e->failed < e->c->n ? &e->c->ops[e->failed] : NULL;
	const char *type = op != NULL ? cred_types_short(op->type) : NULL;

	if (e->rc == -ESTALE)
		return say(CONFLICT, "%s has changed meanwhile", f->name);
	if (e->rc == -EEXIST && op != NULL)
		return say(CONFLICT,
		    "%s: %d %s is there already; --replace puts another in its "
		    "place",
		    f->name, op->tag, type);
	if (e->rc == -ENOENT && op != NULL && e->c->missing_ok)
		return ABSENT;
	if (e->rc == -ENOENT && op != NULL)
		return say(ABSENT, "%s: no %d %s is there", f->name, op->tag,
		    type);
	if (e->rc == -EFBIG && op != NULL)
		return say(LIMIT, "%s: %d %s has more than %zu bytes", f->name,
		    op->tag, type, BUNDLE_VALUE_MAX);
	if (e->rc == -EFBIG)
		return say(LIMIT,
		    "%s would have more than %zu bytes, or more than %d "
		    "sections",
		    f->name, BUNDLE_SIZE_MAX, BUNDLE_SECTIONS_MAX);
	if (e->rc == -EINVAL && e->c->note != NULL)
		return say(USAGE, "a note is text of one line");
	return say(outcome_of(e->rc), "%s: %s", f->name, strerror(-e->rc));
}

static int
apply_file(struct file *f, struct edit *e)
{
	struct bundle_file_error why;
	int rc;

	rc = bundle_file_update(f->name, edit_text, e, &why);
	if (e->rc < 0)
		return tell(f, e);
	return rc < 0 ? say(outcome_of(rc), "%s", why.text) : DONE;
}

static bool
has_secrets(const struct bundle_file *b, const struct place_change *c)
{
	for (size_t i = 0; i < b->bundle.n; i++) {
		const struct bundle_section *s = &b->bundle.sections[i];

		if (value_is_secret(s->type, s->data, s->len))
			return true;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct cred_op *op = &c->ops[i];

		if (value_is_secret(op->type, op->data, op->len))
			return true;
	}
	return false;
}

/* Without a place where the new text goes: standard output, or nowhere. */
static int
apply_text(struct file *f, struct edit *e)
{
	const struct bundle_file none = { .text = NULL };
	const struct bundle_file *old = f->read ? &f->held : &none;
	struct buf text = { .len = 0 };
	int rc = DONE;

	if (edit_text(e, old, &text) < 0)
		return tell(f, e);
	if (!e->c->dry_run && has_secrets(old, e->c) && isatty(STDOUT_FILENO))
		rc = say(REFUSED,
		    "a bundle with secrets is not for a terminal: use a pipe");
	else if (!e->c->dry_run)
		out_bytes(text.data, text.len);
	buf_fini(&text);
	return rc;
}

/* Can a file of this name be made where it is to be? */
static int
check_parent(const struct file *f)
{
	size_t len = strlen(f->name);
	char *dir;
	int rc;

	while (len > 1 && f->name[len - 1] == '/')
		len--;
	while (len > 0 && f->name[len - 1] != '/')
		len--;
	dir = len > 0 ? strndup(f->name, len) : strdup(".");
	if (dir == NULL)
		return say_no_memory();
	rc = faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
	free(dir);
	return rc < 0 ? say(outcome_of(rc), "%s: %s", f->name, strerror(-rc))
	              : DONE;
}

/* What is there before a change; of what is new, whether it can be made. */
static int
fetch_old(struct file *f)
{
	return file_is_new(f) ? check_parent(f) : fetch(f);
}

/* What a change makes of what is held, and whether it can be. */
static int
plan(const struct bundle *held, struct edit *e)
{
	struct bundle_plan p;
	int rc;

	e->failed = e->c->n;
	rc = bundle_plan_make(held, e->c->ops, e->c->n, &p, &e->failed);
	if (rc < 0)
		return rc;
	e->r->count = p.count;
	if (p.bytes > BUNDLE_SIZE_MAX)
		rc = -EFBIG;
	bundle_plan_fini(&p);
	return rc;
}

/* What it would do: what it cannot do is found out here. */
static int
simulate(struct file *f, struct edit *e)
{
	static const struct bundle none = { .n = 0 };
	const int rc = fetch_old(f);

	if (rc != DONE)
		return rc;
	e->rc = plan(f->read ? &f->held.bundle : &none, e);
	return e->rc < 0 ? tell(f, e) : DONE;
}

/* What is there now may not be what it was when it was read. */
static int
check_dir(void *arg, const struct bundle *held)
{
	const struct bundle_file now = { .dir = true, .bundle = *held };
	struct edit *e = arg;

	e->failed = e->c->n;
	if (e->c->if_generation && e->c->generation != generation(&now))
		e->rc = -ESTALE;
	else
		e->rc = plan(held, e);
	return e->rc;
}

static int
apply_dir(struct file *f, struct edit *e)
{
	const struct bundle_file_dir_change change = { e->c->ops, e->c->n,
		check_dir, e };
	struct bundle_file_error why;
	int rc;

	if (e->c->note != NULL)
		return say(USAGE, "%s: a directory has no place for notes",
		    f->name);
	rc = simulate(f, e);
	if (rc != DONE || e->c->dry_run)
		return rc;
	/* Somebody else may make it at the same time. */
	if (file_is_new(f) && mkdir(f->name, 0700) < 0 && errno != EEXIST)
		return say(outcome_of(-errno), "%s: %s", f->name,
		    strerror(errno));
	rc = bundle_file_update_dir(f->name, &change, &why);
	if (e->rc < 0)
		return tell(f, e);
	return rc < 0 ? say(outcome_of(rc), "%s", why.text) : DONE;
}

static bool
is_dir(const struct file *f)
{
	struct stat st;

	if (stat(f->name, &st) == 0)
		return S_ISDIR(st.st_mode);
	return f->name[strlen(f->name) - 1] == '/';
}

int
file_apply(struct file *f, const struct place_change *c, struct place_result *r)
{
	struct edit e = { .c = c, .r = r };
	int rc;

	if (!f->std && is_dir(f))
		return apply_dir(f, &e);
	if (!f->std && !c->dry_run)
		return apply_file(f, &e);
	rc = fetch_old(f);
	return rc != DONE ? rc : apply_text(f, &e);
}
