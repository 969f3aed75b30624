#include "cred/control_self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/kernel.h"
#include "cred/control.h"

bool
control_name_ok(const char *text)
{
	const size_t len = strlen(text);

	if (len == 0 || len >= sizeof(((struct control_self *)NULL)->name) ||
	    *text == '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return strspn(text, "0123456789") < len;
}

bool
control_self_leave_table(void)
{
	const unsigned unshare = 1U << 1; /* CLOSE_RANGE_UNSHARE */

	if (syscall(SYS_close_range, 0U, ~0U, unshare) == -1)
		return false;
	for (int i = 0; i < 3; i++) {
		/* Where there is no such device, what cannot be written to. */
		if (open("/dev/null", O_RDWR | O_CLOEXEC) == -1)
			(void)open("/", O_PATH | O_CLOEXEC);
	}
	return true;
}

/* The name of the process, which another thread of it may not have. */
static void
read_comm(char *out, size_t size)
{
	const int kfd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (kfd != -1) {
		n = kernel->read(kfd, out, size - 1);
		kernel->close(kfd);
	}
	if (n <= 0) {
		snprintf(out, size, "%s", program_invocation_short_name);
		return;
	}
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

void
control_self_describe(struct control_self *self)
{
	ssize_t n;

	self->pid = getpid();
	if (self->name[0] == '\0')
		read_comm(self->name, sizeof(self->name));
	n = readlink("/proc/self/exe", self->exe, sizeof(self->exe) - 1);
	self->exe[n > 0 ? n : 0] = '\0';
}
