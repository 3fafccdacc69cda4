/* SPDX-License-Identifier: MIT */
/* Replays a corpus directory through a fuzz target, taking the same arguments as libFuzzer, so the corpus is an ordinary
 * regression test on any compiler. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	static uint8_t buf[1 << 20];
	unsigned ran = 0;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		DIR *d = opendir(argv[i]);
		if (d == NULL || chdir(argv[i]) != 0)
			return EXIT_FAILURE;
		for (struct dirent *e; (e = readdir(d)) != NULL;) {
			FILE *f = e->d_name[0] != '.' ? fopen(e->d_name, "re") : NULL;
			if (f == NULL)
				continue;
			LLVMFuzzerTestOneInput(buf, fread(buf, 1, sizeof buf, f));
			fclose(f);
			ran++;
		}
		closedir(d);
	}
	return ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
