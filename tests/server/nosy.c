/* SPDX-License-Identifier: MIT */
/* Stands in for a tool that was taken over by what it reads: says which things it could do that are none of its
 * business.
 * usage: nosy ... FILE-TO-MAKE, in $PATH under the tool's name */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell(const char *what)
{
	(void)dprintf(STDERR_FILENO, "age: error: it could %s\n", what);
	_exit(1);
}

int main(int argc, char **argv)
{
	static const char *const read_only[] = {"/etc/passwd", "/proc/self/environ", "/bin/sh",
						"/root/.profile"};
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return 0;
	for (size_t i = 0; i < sizeof read_only / sizeof read_only[0]; i++)
		if (open(read_only[i], O_RDONLY | O_CLOEXEC) >= 0)
			tell(read_only[i]);
	if (open("/tmp/nosy", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		tell("make a file");
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0)
		tell("make a socket of the network");
	for (int fd = 3; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			tell("use a descriptor of ours");
	for (char **variable = environ; *variable != NULL; variable++)
		if (strncmp(*variable, "NOSY", 4) == 0)
			tell("read our environment");
	(void)execl("/bin/sh", "sh", "-c", "exit 1", (char *)NULL);
	(void)dprintf(STDERR_FILENO, "age: error: it could do nothing\n");
	return 1;
}
