#ifndef CRED_CODE_H
#define CRED_CODE_H

/*
 * " [E03]": the code, in the words of "check", of why a file or directory could
 * not be read: what bundle_file_read returned, and its sentence.  "" if there is
 * none, as for a file that is not there.
 */
const char *code_of_read(int rc, const char *sentence);

#endif
