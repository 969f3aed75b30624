#include "dispatch.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "double.h"

static const char *current;
static bool failed, bad;

void
dispatch_case(const char *name)
{
	if (current != NULL && !bad)
		printf("ok %s\n", current);
	current = name;
	bad = false;
}

void
dispatch_expect(bool is, const char *what, int line)
{
	if (is)
		return;
	if (!bad)
		printf("FAILED %s: line %d: %s\n", current, line, what);
	bad = failed = true;
}

static const struct double_report *
report(void)
{
	static const struct double_report *found;
	void *core;

	if (found != NULL)
		return found;
	core = dlopen(getenv("DOUBLE"), RTLD_NOW | RTLD_NOLOAD);
	if (core == NULL) {
		puts("FAILED the double is not there");
		exit(1);
	}
	found = dlsym(core, DOUBLE_REPORT);
	return found;
}

int
dispatch_calls(const char *name)
{
	return report()->calls(name);
}

const char *
dispatch_adopted(void)
{
	return report()->adopted;
}

int
dispatch_hidden(void)
{
	return report()->hidden;
}

void
dispatch_pair(int proto, int ends[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	const int l = socket(AF_INET, SOCK_STREAM, 0);

	ends[0] = socket(AF_INET, SOCK_STREAM, proto);
	if (bind(l, (struct sockaddr *)&addr, len) == -1 ||
	    listen(l, 1) == -1 ||
	    getsockname(l, (struct sockaddr *)&addr, &len) == -1 ||
	    connect(ends[0], (struct sockaddr *)&addr, len) == -1 ||
	    (ends[1] = accept(l, NULL, NULL)) == -1) {
		perror("FAILED loopback");
		exit(1);
	}
	close(l);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "rules") == 0) {
		dispatch_rules_again(atoi(argv[2]));
	} else {
		dispatch_rows();
		dispatch_waits();
		dispatch_streams();
		dispatch_numbers();
		dispatch_children();
	}
	dispatch_case(NULL);
	(void)fflush(stdout);
	if (argc == 1 && !failed)
		dispatch_rules(argv);
	return failed;
}
