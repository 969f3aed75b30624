/*
 * T16: what a fuzzer has found worth keeping, once more in each build.  A bundle
 * that is read is written to equal values, and nothing crashes.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE_MOST ((size_t)8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *folder, const char *name)
{
	char path[1024];
	uint8_t *data;
	size_t len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	data = malloc(SIZE_MOST);
	if (data == NULL)
		abort();
	len = fread(data, 1, SIZE_MOST, f);
	fclose(f);
	(void)LLVMFuzzerTestOneInput(data, len); /* it aborts on a fault */
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	int failed = 0, n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		const struct dirent *e;

		if (dir == NULL) {
			perror(argv[i]);
			return 1;
		}
		while ((e = readdir(dir)) != NULL) {
			if (e->d_name[0] == '.')
				continue;
			failed += run_file(argv[i], e->d_name);
			n++;
		}
		closedir(dir);
	}
	printf("%d inputs\n", n);
	return n == 0 || failed > 0;
}
