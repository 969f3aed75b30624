#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cred/wire.h"
#include "json.h"
#include "place.h"
#include "say.h"
#include "verb.h"

/* Four times what it escapes, and its NUL. */
#define TEXT(field) (4 * sizeof(field) + 1)

static const char *
level_of(const struct place_process *p)
{
	return wire_level_name((uint32_t)p->level);
}

static void
print_table(const struct place_process *list, size_t n)
{
	char name[TEXT(list->name)], exe[TEXT(list->exe)];
	int width = 4;

	for (size_t i = 0; i < n; i++) {
		const int len = (int)strlen(say_escape(list[i].name,
		    strlen(list[i].name), name, sizeof(name)));

		if (len > width)
			width = len;
	}
	if (n > 0)
		out("%7s  %-*s  LEVEL  CREDENTIALS  EXE\n", "PID", width,
		    "NAME");
	for (size_t i = 0; i < n; i++) {
		const struct place_process *p = &list[i];

		out("%7d  %-*s  %-5s  %11u  %s\n", p->pid, width,
		    say_escape(p->name, strlen(p->name), name, sizeof(name)),
		    level_of(p), p->count,
		    say_escape(p->exe, strlen(p->exe), exe, sizeof(exe)));
	}
}

static void
print_json(const struct place_process *list, size_t n)
{
	struct json j = { 0 };

	json_object(&j, NULL);
	json_number(&j, "version", 1);
	json_list(&j, "processes");
	for (size_t i = 0; i < n; i++) {
		const struct place_process *p = &list[i];

		json_object(&j, NULL);
		json_number(&j, "pid", p->pid);
		json_text(&j, "name", p->name);
		json_text(&j, "level", level_of(p));
		json_number(&j, "credentials", p->count);
		json_number(&j, "generation", (long long)p->generation);
		json_text(&j, "exe", p->exe);
		json_text(&j, "socket", p->path);
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
}

/* begin: also say how to, to who has said nothing and may know nothing yet. */
static int
print(char how, bool begin)
{
	struct place_process *list;
	size_t n, silent;
	int rc;

	rc = place_processes(&list, &n, &silent);
	if (rc != DONE)
		return rc;
	if (how == 'j')
		print_json(list, n);
	else if (how == 'q')
		for (size_t i = 0; i < n; i++)
			out("%d\n", list[i].pid);
	else
		print_table(list, n);
	if (n + silent == 0 && how == 't')
		remark("no process has a control socket: one that is started "
		       "with ZSOCK_CTL=load has it from its first TLS or "
		       "credential call on");
	if (n + silent == 0 && begin)
		remark("\"zsock-cred --help\" tells how to begin");
	free(list);
	return DONE;
}

int
ps_without_verb(void)
{
	return print(say_quiet != 0 ? 'q' : 't', true);
}

static int
run_ps(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	char how = say_quiet != 0 ? 'q' : 't';
	int option;

	while ((option = verb_option(argc, argv, "q", options, NULL)) != -1) {
		if (option != 'q' && option != 'j')
			return verb_usage("ps");
		how = (char)option;
		if (option == 'q')
			say_quiet = 1;
	}
	if (optind < argc) {
		(void)say(USAGE, "ps: \"%s\" is too much", argv[optind]);
		return verb_usage("ps");
	}
	return print(how, false);
}

const struct verb verb_ps = {
	.name = "ps",
	.usage = "ps [--json | -q]",
	.options = "--json  with the generation and the path of each socket\n"
	           "-q      pids alone, one a line",
	.examples =
	    "zsock-cred ps\n"
	    "for p in $(zsock-cred ps -q); do zsock-cred list @$p; done",
	.exits = "0 done, 5 the directory of the sockets is not yours",
	.run = run_ps,
};
