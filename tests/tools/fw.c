/*
 * A program like firmware, for the scripts beside it: it knows the public
 * headers only, and does what its arguments say, one after the other.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/credentials.h>

static const char usage[] =
    "usage: fw STEP...\n"
    "\n"
    "The first line of its output is \"started\", and each step has one:\n"
    "  add=TAG,TYPE,FILE    tls_credential_add of the file's bytes and, of\n"
    "                       types 1 to 3, a NUL: its result\n"
    "  text=TAG,TYPE,TEXT   the same of a text\n"
    "  get=TAG,TYPE         tls_credential_get: its result and the bytes\n"
    "  delete=TAG,TYPE      tls_credential_delete: its result\n"
    "  load=FILE            zsock_cred_load_file: its result\n"
    "  ctl=LEVEL            zsock_ctl_start: its result\n"
    "  echo=CA,OWN          a byte there and back by TLS, a client with tag\n"
    "                       CA and a server with tag OWN: ok, or what failed\n"
    "  tasks                how many threads it has\n"
    "  fds                  its open descriptors\n"
    "  secure               1 if the kernel calls it set-user-ID\n"
    "  wait                 until standard input ends\n";

static void
say(const char *step, int result)
{
	printf("%s %d\n", step, result);
}

/* Room that stays as it is: a device keeps the pointer. */
static char *
read_file(const char *path, size_t *len)
{
	static char kept[16][8192];
	static size_t used;
	char *data = kept[used++ % 16];
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	*len = fread(data, 1, sizeof(kept[0]) - 1, f);
	data[*len] = '\0';
	fclose(f);
	return data;
}

/* TAG,TYPE and what is behind the comma that follows. */
static const char *
pair(const char *text, int *tag, enum tls_credential_type *type)
{
	int number, end = 0;

	if (sscanf(text, "%d,%d%n", tag, &number, &end) != 2) {
		fputs(usage, stderr);
		exit(2);
	}
	*type = (enum tls_credential_type)number;
	return text[end] == ',' ? text + end + 1 : text + end;
}

static void
step_add(const char *arg)
{
	enum tls_credential_type type;
	size_t len;
	int tag;
	char *data = read_file(pair(arg, &tag, &type), &len);

	say("add",
	    tls_credential_add(tag, type, data,
	        len + (type <= TLS_CREDENTIAL_PRIVATE_KEY)));
}

static void
step_text(const char *arg)
{
	enum tls_credential_type type;
	int tag;
	const char *text = pair(arg, &tag, &type);

	say("text", tls_credential_add(tag, type, text, strlen(text)));
}

static void
step_get(const char *arg)
{
	enum tls_credential_type type;
	char data[65536];
	size_t len = sizeof(data);
	int tag, rc;

	(void)pair(arg, &tag, &type);
	rc = tls_credential_get(tag, type, data, &len);
	printf("get %d %.*s\n", rc, rc == 0 ? (int)len : 0, data);
}

static void
step_delete(const char *arg)
{
	enum tls_credential_type type;
	int tag;

	(void)pair(arg, &tag, &type);
	say("delete", tls_credential_delete(tag, type));
}

static void
step_load(const char *arg)
{
	say("load", zsock_cred_load_file(arg, 0, NULL));
}

static void
step_ctl(const char *arg)
{
	say("ctl", zsock_ctl_start(arg, NULL));
}

static void *
serve(void *arg)
{
	const int sock = zsock_accept((int)(intptr_t)arg, NULL, NULL);
	char byte;

	if (sock < 0)
		return NULL;
	if (zsock_recv(sock, &byte, 1, 0) == 1)
		(void)zsock_send(sock, &byte, 1, 0);
	(void)zsock_close(sock);
	return NULL;
}

static int
open_tls(int tag)
{
	const sec_tag_t tags[] = { tag };
	const int sock = zsock_socket(AF_INET, SOCK_STREAM, IPPROTO_TLS_1_2);

	if (sock < 0)
		return -1;
	if (zsock_setsockopt(sock, SOL_TLS, TLS_SEC_TAG_LIST, tags,
	        sizeof(tags)) < 0 ||
	    zsock_setsockopt(sock, SOL_TLS, TLS_HOSTNAME, "localhost", 9) < 0)
		return -1;
	return sock;
}

static const char *
echo(int ca, int own)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	const int listener = open_tls(own), client = open_tls(ca);
	const char *failed = NULL;
	pthread_t thread;
	char byte = 'x';

	if (listener < 0 || client < 0)
		return "tags";
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (zsock_bind(listener, (struct sockaddr *)&addr, len) < 0 ||
	    zsock_listen(listener, 1) < 0 ||
	    zsock_getsockname(listener, (struct sockaddr *)&addr, &len) < 0 ||
	    pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener) !=
	        0)
		return "listen";
	if (zsock_connect(client, (struct sockaddr *)&addr, len) < 0)
		failed = "connect";
	else if (zsock_send(client, "y", 1, 0) != 1 ||
	    zsock_recv(client, &byte, 1, 0) != 1 || byte != 'y')
		failed = "byte";
	(void)zsock_close(client);
	pthread_join(thread, NULL);
	(void)zsock_close(listener);
	return failed != NULL ? failed : "ok";
}

static void
step_echo(const char *arg)
{
	enum tls_credential_type own;
	int ca;

	(void)pair(arg, &ca, &own);
	printf("echo %s\n", echo(ca, (int)own));
}

/* The entries of a directory of numbers, without the one that reads it. */
static void
list_numbers(const char *path, const char *name)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	char text[1024] = "";
	int n = 0;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    (strstr(path, "/fd") != NULL &&
		        atoi(entry->d_name) == dirfd(d)))
			continue;
		n++;
		if (strlen(text) + 16 < sizeof(text))
			strcat(strcat(text, " "), entry->d_name);
	}
	closedir(d);
	if (strcmp(name, "tasks") == 0)
		printf("tasks %d\n", n);
	else
		printf("fds%s\n", text);
}

static void
step_tasks(const char *arg)
{
	(void)arg;
	list_numbers("/proc/self/task", "tasks");
}

static void
step_fds(const char *arg)
{
	(void)arg;
	list_numbers("/proc/self/fd", "fds");
}

static void
step_secure(const char *arg)
{
	(void)arg;
	say("secure", (int)getauxval(AT_SECURE));
}

static void
step_wait(const char *arg)
{
	(void)arg;
	while (getchar() != EOF)
		;
	printf("waited\n");
}

static const struct step {
	const char *name;
	void (*run)(const char *arg);
} steps[] = {
	{ "add", step_add },
	{ "text", step_text },
	{ "get", step_get },
	{ "delete", step_delete },
	{ "load", step_load },
	{ "ctl", step_ctl },
	{ "echo", step_echo },
	{ "tasks", step_tasks },
	{ "fds", step_fds },
	{ "secure", step_secure },
	{ "wait", step_wait },
};

static bool
run(const char *text)
{
	const size_t len = strcspn(text, "=");

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strlen(steps[i].name) != len ||
		    strncmp(steps[i].name, text, len) != 0)
			continue;
		steps[i].run(text[len] == '=' ? text + len + 1 : "");
		return fflush(stdout) == 0;
	}
	fputs(usage, stderr);
	return false;
}

int
main(int argc, char **argv)
{
	printf("started\n");
	fflush(stdout);
	for (int i = 1; i < argc; i++) {
		if (!run(argv[i]))
			return 2;
	}
	return 0;
}
