/* The probes of tests/usdt/applib.c, a library. */
provider applib {
	probe work(int n, char *name);
	probe asked(int n);
};
