/* Credentials: the store, bundles, and the socket by which others see it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zephyr/net/tls_credentials.h>
#include <zsock/credentials.h>

#include "cred/bundle_edit.h"
#include "cred/bundle_file.h"
#include "cred/store.h"
#include "support/ctl.h"
#include "support/pki.h"
#include "support/scratch.h"
#include "sweep/heap.h"
#include "sweep/scene.h"

/* Where these scenes store things; the bundle's tags are among them. */
#define FIRST 50
#define LAST 59

static const char bundle[] = "zsock-credentials 1\n"
                             "Test-Only: yes\n"
                             "\n"
                             "Sec-Tag: 51\n"
                             "Type: PSK_ID\n"
                             "Text: device\n"
                             "\n"
                             "Sec-Tag: 51\n"
                             "Type: PSK\n"
                             "Hex: 00112233445566778899aabbccddeeff\n";

/* Calls of these interfaces answer -errno. */
static int
did(struct scene_run *run, enum deed deed, int rc)
{
	errno = -rc;
	return (int)scene_did(run, deed, -1, rc < 0 ? -1 : rc);
}

static bool
is_held(int tag, int type)
{
	size_t len = 0;

	return tls_credential_get((sec_tag_t)tag,
	           (enum tls_credential_type)type, NULL, &len) == -EFBIG;
}

static void
forget_all(void)
{
	for (int tag = FIRST; tag <= LAST; tag++)
		pki_forget(tag);
}

static int
add(struct scene_run *run, int tag, const char *value)
{
	const int rc = tls_credential_add((sec_tag_t)tag, TLS_CREDENTIAL_PSK_ID,
	    value, strlen(value));

	if (is_held(tag, TLS_CREDENTIAL_PSK_ID) != (rc == 0))
		scene_wrong(run, "add answers %d and is half done", rc);
	return did(run, DEED_ADD, rc);
}

static void
store(void *arg)
{
	struct scene_run *run = arg;
	char buf[16];
	size_t len = sizeof(buf);
	int held = 0;

	for (int tag = FIRST; tag <= LAST; tag++)
		held += add(run, tag, "a value") == 0;
	for (int tag = FIRST; tag <= LAST; tag++) {
		if (is_held(tag, TLS_CREDENTIAL_PSK_ID))
			held--;
	}
	if (held != 0)
		scene_wrong(run, "a failure has changed the others");
	if (is_held(FIRST, TLS_CREDENTIAL_PSK_ID) &&
	    (tls_credential_get(FIRST, TLS_CREDENTIAL_PSK_ID, buf, &len) != 0 ||
	        len != 7 || memcmp(buf, "a value", 7) != 0))
		scene_wrong(run, "what was added is not what is there");
	for (int tag = FIRST; tag <= LAST; tag++)
		(void)tls_credential_delete((sec_tag_t)tag,
		    TLS_CREDENTIAL_PSK_ID);
}

/* Both of the bundle's pairs, or neither. */
static void
loaded(struct scene_run *run, int rc)
{
	const bool id = is_held(51, TLS_CREDENTIAL_PSK_ID);
	const bool key = is_held(51, TLS_CREDENTIAL_PSK);

	if (id != (rc == 0) || key != (rc == 0))
		scene_wrong(run, "a bundle answers %d and is half loaded", rc);
	(void)did(run, DEED_LOAD, rc);
}

static void
load_memory(void *arg)
{
	struct zsock_cred_error e;

	loaded(arg, zsock_cred_load_mem(bundle, strlen(bundle), 0, &e));
}

static void
load_file(void *arg)
{
	struct zsock_cred_error e;

	loaded(arg, zsock_cred_load_file("bundle.zcred", 0, &e));
}

static void
load_directory(void *arg)
{
	struct zsock_cred_error e;

	loaded(arg, zsock_cred_load_file("directory", ZSOCK_CRED_REPLACE, &e));
}

static int
edit(void *arg, const struct bundle_file *old, struct buf *out)
{
	static const unsigned char value[] = "another value";
	const struct cred_op op = { CRED_OP_PUT, 52, CRED_PSK_ID, value,
		sizeof(value) - 1, false };
	const struct bundle_edit e = { old->text, old->len, &old->bundle,
		NULL };
	struct bundle_edited done;
	int rc;

	(void)arg;
	rc = bundle_edit(&e, &op, 1, &done);
	*out = done.text;
	return rc;
}

static void
save(void *arg)
{
	struct bundle_file_error e;
	struct bundle_file f;
	int rc = bundle_file_update("bundle.zcred", edit, NULL, &e);

	(void)did(arg, DEED_SAVE, rc);
	heap_ignore(true);
	if (bundle_file_read("bundle.zcred", &f, &e) < 0) {
		scene_wrong(arg, "the file is lost: %.100s", e.text);
	} else {
		if (f.bundle.n != (rc == 0 ? 3 : 2))
			scene_wrong(arg, "%zu sections after %d", f.bundle.n,
			    rc);
		bundle_file_fini(&f);
	}
	heap_ignore(false);
}

static void
write_files(void)
{
	scratch_text("bundle.zcred", bundle, 0600);
	(void)mkdir("directory", 0700); /* it may be there */
	scratch_text("directory/51-psk_id.txt", "device\n", 0600);
	scratch_text("directory/51-psk.hex", "00112233445566778899", 0600);
}

/* Not the program's part, whose own memory is no matter here. */
static int
ask(struct wire_frame *w)
{
	struct wire_reader r = { 0 };
	const int fd = ctl_connect(getpid());
	int rc = -EPIPE;

	if (fd < 0) {
		wire_fini(w);
		return fd;
	}
	if (ctl_send(fd, w) && ctl_receive(fd, &r))
		rc = r.head.type == WIRE_ERROR
		    ? -(int)ctl_number(&r, WIRE_ERRNO, EPIPE)
		    : 0;
	wire_read_fini(&r);
	close(fd);
	return rc;
}

static void
control_list(struct scene_run *run)
{
	struct wire_frame w = { 0 };
	int rc;

	heap_ignore(true);
	wire_begin(&w, WIRE_LIST, 1);
	rc = wire_end(&w) ? ask(&w) : -EPROTO;
	heap_ignore(false);
	(void)did(run, DEED_ASK, rc);
}

static void
control_apply(struct scene_run *run)
{
	const unsigned char *value = (const unsigned char *)"x";
	const struct cred_op ops[] = {
		{ CRED_OP_PUT, FIRST, CRED_PSK_ID, value, 1, false },
		{ CRED_OP_PUT, FIRST + 1, CRED_PSK_ID, value, 1, false },
	};
	struct wire_frame w = { 0 };
	int rc;

	heap_ignore(true);
	wire_begin(&w, WIRE_APPLY, 2);
	wire_put_op(&w, &ops[0]);
	wire_put_op(&w, &ops[1]);
	rc = wire_end(&w) ? ask(&w) : -EPROTO;
	if (is_held(FIRST, CRED_PSK_ID) != is_held(FIRST + 1, CRED_PSK_ID))
		scene_wrong(run, "a request is half done");
	heap_ignore(false);
	(void)did(run, DEED_ASK, rc);
}

static void
control(void *arg)
{
	struct scene_run *run = arg;

	if (did(run, DEED_CONTROL, zsock_ctl_start("full", "sweep")) < 0)
		return;
	control_list(run);
	control_apply(run);
	if (zsock_ctl_stop() != 0)
		scene_wrong(run, "zsock_ctl_stop fails");
}

#define SCENE(name, fn, before) \
	{ \
		name, "zephyr", fn, NULL, NULL, before, forget_all \
	}

const struct scene scenes_cred[] = {
	SCENE("store", store, NULL),
	SCENE("bundle_in_memory", load_memory, NULL),
	SCENE("bundle_file", load_file, write_files),
	SCENE("bundle_directory", load_directory, write_files),
	SCENE("bundle_saved", save, write_files),
	SCENE("control_socket", control, NULL),
	{ 0 },
};
