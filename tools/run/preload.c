#include "preload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "loader.h"
#include "say.h"

#define SEPARATORS " :"

/*
 * Run times of sanitizers that end the program unless they are the first that
 * is loaded.  The others need nothing, and one of them, ThreadSanitizer's,
 * cannot be in a program that was not built for it.
 */
static const char *const sanitizers[] = { "libasan.so.", "libclang_rt.asan" };

/* What loaders would load for the program, and for the library's other half. */
struct asked {
	struct loader program, core;
};

/* A list in the making: "name:name". */
struct list {
	char *text; /* NULL: out of memory */
};

static void
list_add(struct list *l, const char *name, size_t len)
{
	char *both = NULL;

	if (l->text != NULL &&
	    asprintf(&both, "%s%s%.*s", l->text, l->text[0] != '\0' ? ":" : "",
	        (int)len, name) < 0)
		both = NULL;
	free(l->text);
	l->text = both;
}

static bool
list_has(const char *list, const char *name, size_t len)
{
	const char *at = list;
	size_t n;

	for (at += strspn(at, SEPARATORS); *at != '\0';
	     at += n + strspn(at + n, SEPARATORS)) {
		n = strcspn(at, SEPARATORS);
		if (n == len && memcmp(at, name, len) == 0)
			return true;
	}
	return false;
}

/* What was there before, but for what the list has already. */
static void
list_add_others(struct list *l, const char *old)
{
	size_t n;

	for (old += strspn(old, SEPARATORS); *old != '\0';
	     old += n + strspn(old + n, SEPARATORS)) {
		n = strcspn(old, SEPARATORS);
		if (l->text != NULL && !list_has(l->text, old, n))
			list_add(l, old, n);
	}
}

/*
 * What the program executes may have the sanitizer, and finds it behind the
 * library then, which works as well; but it has to be told.
 */
static int
allow_late(struct vars *vars)
{
	static const char late[] = "verify_asan_link_order=0";
	const char *options = vars_get(vars, "ASAN_OPTIONS");
	char *both;
	int rc;

	if (options == NULL)
		options = "";
	if (strstr(options, late) != NULL)
		return DONE;
	if (asprintf(&both, "%s%s%s", options, *options != '\0' ? ":" : "",
	        late) < 0)
		return say_no_memory();
	rc = vars_set(vars, "ASAN_OPTIONS", both);
	free(both);
	return rc == 0 ? DONE : say_no_memory();
}

static bool
find_sanitizer(const struct loader *loader, char path[PATH_MAX])
{
	return loader_find(loader, sanitizers[0], path) ||
	    loader_find(loader, sanitizers[1], path);
}

/*
 * A program that does not have the sanitizer would be looked through for leaks:
 * so the library takes the run time out again when it is there, for what the
 * program executes; unless it was in LD_PRELOAD before, or the library's other
 * half needs it itself.
 */
static int
add_sanitizer(const struct asked *asked, const char *old, struct list *l,
    struct vars *vars)
{
	char path[PATH_MAX], safe[PATH_MAX];
	const bool always = find_sanitizer(&asked->core, path);
	int rc;

	if (!always && !find_sanitizer(&asked->program, path))
		return DONE;
	rc = link_safe(path, safe);
	if (rc != DONE)
		return rc;
	list_add(l, safe, strlen(safe));
	if (always || list_has(old, safe, strlen(safe)))
		return DONE;
	return vars_set(vars, "ZSOCK_PRELOAD_FIRST", safe) == 0
	    ? DONE
	    : say_no_memory();
}

/* The loader itself only warns of a library that it does not load. */
static int
check(const struct loader *loader, const char *name, const struct program *p)
{
	char words[PATH_MAX];

	if (loader_words(loader, name, words))
		return say(OWN,
		    "%s would run without the library: its loader says: %s",
		    p->elf_path, words);
	if (loader_loads(loader, name))
		return DONE;
	return say(OWN,
	    "%s would run without the library: its loader does not list %s, "
	    "but says %s",
	    p->elf_path, name, loader->len > 0 ? loader->said : "nothing");
}

/* The other half is loaded with the first socket, which is late for a failure. */
static int
ask_about_core(const struct shim *shim, const struct program *p,
    const struct vars *vars, struct loader *out)
{
	char path[PATH_MAX], words[PATH_MAX];
	int rc;

	rc = shim_core(shim, path);
	if (rc == DONE)
		rc = loader_ask(p->elf.interp, path, "", vars, out);
	if (rc == DONE && loader_words(out, "not found", words))
		return say(OWN, "%s cannot be loaded: its loader says: %s",
		    path, words);
	return rc;
}

static int
set_list(struct vars *vars, const char *name, const struct asked *asked,
    const char *old)
{
	struct list l = { strdup("") };
	int rc;

	rc = add_sanitizer(asked, old, &l, vars);
	list_add(&l, name, strlen(name));
	list_add_others(&l, old);
	if (rc == DONE)
		rc = allow_late(vars);
	if (rc == DONE &&
	    (l.text == NULL || vars_set(vars, "LD_PRELOAD", l.text) < 0))
		rc = say_no_memory();
	free(l.text);
	return rc;
}

int
preload_set(const struct shim *shim, const struct program *p, struct vars *vars)
{
	const char *set = vars_get(vars, "LD_PRELOAD"),
	           *old = set != NULL ? set : "";
	struct asked asked = { .program = { NULL, 0 } };
	char name[PATH_MAX];
	struct list first;
	int rc;

	rc = link_safe(shim->path, name);
	if (rc != DONE)
		return rc;
	first.text = strdup(name);
	list_add_others(&first, old);
	rc = first.text == NULL ? say_no_memory()
	                        : loader_ask(p->elf.interp, p->elf_path,
	                              first.text, vars, &asked.program);
	if (rc == DONE)
		rc = check(&asked.program, name, p);
	if (rc == DONE)
		rc = ask_about_core(shim, p, vars, &asked.core);
	if (rc == DONE)
		rc = set_list(vars, name, &asked, old);
	loader_fini(&asked.program);
	loader_fini(&asked.core);
	free(first.text);
	return rc;
}
