/* Is there io_uring, and a filter?  "errno filters no_new_privs" */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(void)
{
	struct io_uring_params p;
	long fd;

	memset(&p, 0, sizeof(p));
	fd = syscall(SYS_io_uring_setup, 1, &p);
	printf("%s %d %d\n", fd >= 0 ? "there" : strerrorname_np(errno),
	    prctl(PR_GET_SECCOMP, 0, 0, 0, 0),
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}
