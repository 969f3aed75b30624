#include "support/ctl.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred/control_dir.h"

/*
 * To ThreadSanitizer there is one table of descriptors a process, so that one
 * thread's number 3 races with another's.
 */
const char *__tsan_default_suppressions(void);
const char *
__tsan_default_suppressions(void)
{
	return "race:^__interceptor_accept4$\nrace:^__interceptor_close$\n"
	       "race:^__interceptor_connect$\n"
	       "race:^__interceptor_dup2$\nrace:^__interceptor_fcntl64$\n"
	       "race:^__interceptor_fstat64$\nrace:^__interceptor_open64$\n"
	       "race:^__interceptor_pipe$\nrace:^__interceptor_signalfd$\n"
	       "race:^__interceptor_socket$\n";
}

static char made[64];

const char *
ctl_dir_make(void)
{
	snprintf(made, sizeof(made), "/tmp/zsock-ctl-XXXXXX");
	if (mkdtemp(made) == NULL || setenv("ZSOCK_CTL_DIR", made, 1) == -1)
		return NULL;
	return made;
}

static int
each_name(const char *path, const char *suffix, bool unlinks)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		const size_t len = strlen(e->d_name), tail = strlen(suffix);

		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 || len < tail ||
		    strcmp(e->d_name + len - tail, suffix) != 0)
			continue;
		n++;
		if (unlinks)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

void
ctl_dir_remove(void)
{
	(void)each_name(made, "", true);
	rmdir(made);
	unsetenv("ZSOCK_CTL_DIR");
}

int
ctl_dir_count(const char *suffix)
{
	return each_name(made, suffix, false);
}

int
ctl_connect(pid_t pid)
{
	char path[PATH_MAX], name[64], why[CONTROL_WHY_SIZE];
	struct control_dir d = { .path = path };
	struct sockaddr_un addr;
	socklen_t len;
	int fd, rc;

	(void)wire_dir(path, sizeof(path)); /* it is ours, and short */
	d.kfd = control_dir_open(path, false, why);
	if (d.kfd < 0)
		return d.kfd;
	snprintf(name, sizeof(name), "%d.sock", (int)pid);
	len = control_dir_address(&d, name, &addr);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = connect(fd, (struct sockaddr *)&addr, len) == -1 ? -errno : fd;
	if (rc < 0)
		close(fd);
	close(d.kfd);
	return rc;
}

bool
ctl_send(int fd, struct wire_frame *w)
{
	size_t at = 0;
	ssize_t n = 0;

	while (n != -1 && at < w->b.len) {
		n = send(fd, w->b.data + at, w->b.len - at, MSG_NOSIGNAL);
		at += n > 0 ? (size_t)n : 0;
	}
	wire_fini(w);
	return n != -1;
}

bool
ctl_receive(int fd, struct wire_reader *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned char *to;
	size_t len;
	ssize_t n;
	int rc = 0;

	wire_read_fini(r);
	while (rc == 0) {
		to = wire_read_room(r, &len);
		if (to == NULL || poll(&p, 1, 10000) != 1)
			return false;
		n = recv(fd, to, len, 0);
		if (n <= 0)
			return false;
		rc = wire_read(r, (size_t)n);
	}
	return rc == 1;
}

bool
ctl_closed(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

uint64_t
ctl_number(const struct wire_reader *r, uint16_t tag, uint64_t fallback)
{
	struct wire_field f;
	size_t at = 0;
	uint32_t u;
	uint64_t v;

	while (wire_next(r->body.data, r->head.len, &at, &f) == 1) {
		if (f.tag != tag)
			continue;
		if (wire_u32(&f, &u))
			return u;
		if (wire_u64(&f, &v))
			return v;
	}
	return fallback;
}

int
ctl_hello(pid_t pid)
{
	struct wire_frame w = { 0 };
	struct wire_reader r = { 0 };
	int fd = ctl_connect(pid), rc = -EPIPE;

	if (fd < 0)
		return fd;
	wire_begin(&w, WIRE_HELLO, 1);
	if (wire_end(&w) && ctl_send(fd, &w) && ctl_receive(fd, &r) &&
	    r.head.type == WIRE_HELLO_OK)
		rc = (int)ctl_number(&r, WIRE_PID, 0);
	wire_read_fini(&r);
	close(fd);
	return rc;
}

int
ctl_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char path[300], comm[10] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
		    e->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fgets(comm, sizeof(comm), f) != NULL &&
		    strcmp(comm, "zsock-ctl") == 0)
			n++;
		fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

/* Without the one that looks. */
int
ctl_descriptors(void)
{
	return each_name("/proc/self/fd", "", false) - 1;
}

int
ctl_run(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		fn();
		exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void
ctl_forbid_close_range(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]),
		code };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}
