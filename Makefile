# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make              build/dtrace, build/libdtrace.so, build/dtrace.ko
#   make userland     all but the module
#   make module       the module, for KDIR (default: the newest installed kernel headers)
#   make test         unit tests, under ASan and UBSan
#   make install      honours DESTDIR and PREFIX; make uninstall takes it back
#   make style        what can be checked without building
#   make fuzzers      the fuzz drivers for libFuzzer, with clang; tools/fuzz runs them
#
# Everything is built into build/; sources are found by folder, so that a new
# file needs no change here: X_test.c and fuzz_X.c are tests, the rest is product.

PREFIX	?= /usr
LIBDIR	?= $(PREFIX)/lib/$(shell $(CC) -print-multiarch)
BUILD	?= build
VERSION	:= 0.1
SOMAJOR	:= 2

CC	?= gcc
FLEX	?= flex
BISON	?= bison
CFLAGS	?= -O2 -g
WARN	:= -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
INCS	:= -Iinclude -Idlang -Iuserland/proc -Iuserland/libdtrace -Iproviders/pid -Iproviders/usdt -I$(BUILD)/gen
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DDT_VERSION='"$(VERSION)"' -fPIC $(WARN) $(INCS) $(CFLAGS)
# flex and bison write code that -Wextra dislikes.
GEN_CFLAGS := $(filter-out -Werror -Wextra,$(ALL_CFLAGS)) -Wno-unused-function
LIBS	:= -lbpf -ldw -lelf -lZydis -liberty -lpthread -ldl
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# Neither tests nor the providers' kernel halves.
product	= $(foreach f,$(filter-out %_test.c,$(wildcard $(1))),$(if $(filter fuzz_% kmod%,$(notdir $f)),,$f))

DLANG_SRC := $(call product,dlang/*.c)
PROC_SRC := $(call product,userland/proc/*.c) $(call product,providers/*/*.c)
LIB_SRC	:= $(DLANG_SRC) $(PROC_SRC) $(call product,userland/libdtrace/*.c)
CMD_SRC	:= $(call product,userland/dtrace/*.c)
GEN_SRC	:= $(BUILD)/gen/lex.c $(BUILD)/gen/grammar.c
ENGINE	:= image dif_check dif_exec dif_subr subr_json subr_sys vars dynvar buffer spec agg fire action \
	port_user
ENGINE_SRC := $(ENGINE:%=kmod/%.c)
KMOD_FILES := Kbuild $(wildcard kmod/*.[ch] kmod/arch/x86/*.[ch] providers/*/kmod*.[ch] include/dtrace/*.h)

LIB_OBJ	:= $(LIB_SRC:%.c=$(BUILD)/obj/%.o) $(GEN_SRC:$(BUILD)/%.c=$(BUILD)/obj/%.o)
CMD_OBJ	:= $(CMD_SRC:%.c=$(BUILD)/obj/%.o)

CXX	?= g++

# make V=1 shows the commands themselves.
Q = $(if $(V),,@printf '  %-6s %s\n' $(1) $@;)

.PHONY: all userland module targets test tests fuzzers install uninstall style clean
.DELETE_ON_ERROR:
all: userland module
userland: $(BUILD)/dtrace $(BUILD)/libdtrace.so $(BUILD)/dlib

# ---- The compiler, libdtrace, the command ----------------------------------

$(BUILD)/gen/grammar.c: dlang/grammar.y
	@mkdir -p $(@D)
	$(call Q,BISON)$(BISON) -Wall -Werror -o $@ --header=$(BUILD)/gen/grammar.h $<
$(BUILD)/gen/grammar.h: $(BUILD)/gen/grammar.c ;
$(BUILD)/gen/lex.c: dlang/lex.l $(BUILD)/gen/grammar.h
	$(call Q,FLEX)$(FLEX) -o $@ --header-file=$(BUILD)/gen/lex.h $<
$(BUILD)/gen/lex.h: $(BUILD)/gen/lex.c ;

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(GEN_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/%.o: %.c | $(BUILD)/gen/lex.h $(BUILD)/gen/grammar.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

LIB_MAP	:= userland/libdtrace/libdtrace.map
$(BUILD)/libdtrace.so.$(SOMAJOR): $(LIB_OBJ) $(LIB_MAP)
	$(call Q,LD)$(CC) $(CFLAGS) -shared -Wl,-soname,libdtrace.so.$(SOMAJOR) -Wl,--version-script=$(LIB_MAP) \
		-Wl,-z,defs -o $@ $(LIB_OBJ) $(LIBS)
$(BUILD)/libdtrace.so: $(BUILD)/libdtrace.so.$(SOMAJOR)
	ln -sf $(<F) $@
$(BUILD)/dtrace: $(CMD_OBJ) $(BUILD)/libdtrace.so
	$(call Q,LD)$(CC) $(CFLAGS) -o $@ $(CMD_OBJ) -L$(BUILD) -ldtrace -Wl,-rpath,'$$ORIGIN'

# D libraries: where libdtrace looks for them in a build tree.
$(BUILD)/dlib: ; @mkdir -p $(@D) && ln -sfn $(abspath dlang/lib) $@

# ---- The module --------------------------------------------------------------

# The newest headers there are; "make module KDIR=... KOUT=..." builds for others.
KDIR	?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	     $(shell ls -d /usr/src/linux-headers-*-amd64 2>/dev/null | sort -V | tail -n 1))
KOUT	?= $(BUILD)/kmod/default
KFARM	:= $(KMOD_FILES:%=$(KOUT)/%)

module: $(BUILD)/dtrace.ko
$(BUILD)/dtrace.ko: $(KOUT)/dtrace.ko
	cp $< $@
# kbuild of some kernels writes beside the sources: it gets a farm of links.
$(KOUT)/%: %
	@mkdir -p $(@D)
	@ln -sf $(abspath $<) $@
$(KOUT)/dtrace.ko: $(KFARM) $(KMOD_FILES)
	@test -n "$(KDIR)" || { echo "make: no kernel headers found: install linux-headers-amd64 or set KDIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(abspath $(KOUT)) $(if $(C),C=$(C)) modules

# The public headers, into folder $(1).
ABI_HEADERS := $(wildcard include/dtrace/*.h)
define install_headers
	install -D -m 644 userland/libdtrace/dtrace.h $(1)/dtrace.h
	install -D -m 644 userland/libdtrace/sys/dtrace.h $(1)/sys/dtrace.h
	for h in $(notdir $(ABI_HEADERS)); do install -D -m 644 include/dtrace/$$h $(1)/dtrace/$$h; done
endef

# ---- Unit tests ----------------------------------------------------------------

# A test of kmod/ links the engine, any other one all of libdtrace; both are
# built once more under the sanitizers.
TEST_SRC := $(wildcard dlang/*_test.c kmod/*_test.c userland/*/*_test.c providers/*/*_test.c)
FUZZ_SRC := $(filter-out %_test.c,$(wildcard dlang/fuzz_*.c kmod/fuzz_*.c userland/*/fuzz_*.c))
TESTS	:= $(patsubst %.c,$(BUILD)/test/%,$(notdir $(TEST_SRC) $(FUZZ_SRC)))
SAN_LIB	:= $(LIB_OBJ:$(BUILD)/obj/%=$(BUILD)/san/%)
SAN_ENG	:= $(ENGINE_SRC:%.c=$(BUILD)/san/%.o)

$(BUILD)/san/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(GEN_CFLAGS) $(SAN) -MMD -MP -c -o $@ $<
$(BUILD)/san/%.o: %.c | $(BUILD)/gen/lex.h $(BUILD)/gen/grammar.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CFLAGS) $(SAN) -Ikmod -MMD -MP -c -o $@ $<

define test_rule
$(BUILD)/test/$(notdir $(1:.c=)): $(BUILD)/san/$(1:.c=.o) $(SAN_ENG) $(if $(filter kmod/%,$(1)),,$(SAN_LIB))
	@mkdir -p $$(@D)
	$$(call Q,LD)$(CC) $(SAN) -o $$@ $$^ -lcmocka $(LIBS)
endef
$(foreach t,$(TEST_SRC) $(FUZZ_SRC),$(eval $(call test_rule,$(t))))

tests: $(TESTS) $(BUILD)/dlib
test: tests
	tools/unit $(BUILD)/test

# ---- The same fuzz drivers, guided by coverage: clang and its libFuzzer ------------

CLANG	?= clang
FUZZ_SAN := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-Wno-error -Wno-unknown-warning-option
FUZZERS	:= $(patsubst %.c,$(BUILD)/fuzz/%,$(notdir $(FUZZ_SRC)))

$(BUILD)/fuzz/obj/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	$(call Q,CLANG)$(CLANG) $(GEN_CFLAGS) $(FUZZ_SAN) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/obj/%.o: %.c | $(BUILD)/gen/lex.h $(BUILD)/gen/grammar.h
	@mkdir -p $(@D)
	$(call Q,CLANG)$(CLANG) $(ALL_CFLAGS) $(FUZZ_SAN) -DFUZZ_GUIDED -Ikmod -MMD -MP -c -o $@ $<

define fuzz_rule
$(BUILD)/fuzz/$(notdir $(1:.c=)): $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(1) $(ENGINE_SRC)) \
		$(if $(filter kmod/%,$(1)),,$(LIB_OBJ:$(BUILD)/obj/%=$(BUILD)/fuzz/obj/%))
	$$(call Q,LD)$(CLANG) $(FUZZ_SAN) -fsanitize=fuzzer -o $$@ $$^ -lcmocka $(LIBS)
endef
$(foreach f,$(FUZZ_SRC),$(eval $(call fuzz_rule,$(f))))

fuzzers: $(FUZZERS)

# ---- Programs that the end-to-end tests trace ------------------------------------

TGT	:= $(BUILD)/targets
TGT_CFLAGS := -O2 -g -Wall -Wno-infinite-recursion
USDT_TARGETS := $(addprefix $(TGT)/usdt/,app app-O0 app-nopie app-static app-stripped app-linked app-cxx opener appcc lacks badnotes.so \
	$(if $(wildcard /usr/include/sys/sdt.h /usr/include/*/sys/sdt.h),sdt-O0 sdt-O2))
PLAIN	:= textcheck hammer tallied forker gapped ownint3 execer execways sleeper typed copied
TARGETS := $(addprefix $(TGT)/,$(PLAIN) thrower plug plugin.so counted-pie counted-nopie counted-static \
	counted-stripped counted-static-stripped counted-fp tiny32 raw recipes intervals abi api) $(USDT_TARGETS)

targets: $(TARGETS)
$(TGT)/%: tests/targets/%.c tests/targets/truth.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -o $@ $< -lpthread
$(TGT)/raw: tests/pid/raw_target.c
$(TGT)/raw $(TGT)/recipes $(TGT)/intervals: $(TGT)/%: tests/pid/%.c tests/pid/raw_session.c tests/pid/raw_fn.S \
		providers/pid/kmod_insn.c providers/pid/kmod_jump.c tests/pid/raw.h tests/pid/raw_target.h \
		$(ABI_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(TGT_CFLAGS) -std=gnu11 -D_GNU_SOURCE -Iinclude -Ikmod -Iproviders/pid -o $@ $(filter-out %.h,$^) -lpthread
$(TGT)/abi: tests/abi/abi.c tests/abi/session.h include/dtrace/abi.h include/dtrace/dif.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -std=gnu11 -Iinclude -o $@ $< -lpthread
# A user's program: it sees what is installed, no more.
$(BUILD)/headers/.stamp: userland/libdtrace/dtrace.h userland/libdtrace/sys/dtrace.h $(wildcard include/dtrace/*.h)
	$(call install_headers,$(@D))
	@touch $@
$(TGT)/api: tests/api/api.c $(BUILD)/headers/.stamp $(BUILD)/libdtrace.so
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -I$(BUILD)/headers -o $@ $< -L$(BUILD) -ldtrace -Wl,-rpath,'$$ORIGIN/..'
	$(CXX) -fsyntax-only -x c++ -I$(BUILD)/headers $(BUILD)/headers/dtrace.h
$(TGT)/thrower: tests/targets/thrower.cc tests/targets/truth.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CXX) $(TGT_CFLAGS) -o $@ $<
$(TGT)/tiny32: tests/targets/tiny32.S
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) -m32 -nostdlib -static -no-pie -o $@ $<
$(TGT)/plug: TGT_CFLAGS += -rdynamic
$(TGT)/gapped: TGT_CFLAGS += -fno-pie -no-pie
$(TGT)/plugin.so: TGT_CFLAGS += -shared -fPIC
$(TGT)/plugin.so: tests/targets/plugin.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -o $@ $<
$(TGT)/counted-%: tests/targets/counted.c tests/targets/truth.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) $(VARIANT) -o $@ $< -lpthread
$(TGT)/counted-pie: VARIANT := -fPIE -pie
$(TGT)/counted-fp: VARIANT := -fno-omit-frame-pointer -fno-optimize-sibling-calls
$(TGT)/counted-nopie: VARIANT := -fno-pie -no-pie
$(TGT)/counted-static: VARIANT := -static
$(TGT)/counted-stripped: VARIANT := -fPIE -pie -s
$(TGT)/counted-static-stripped: VARIANT := -static -s

# Programs with probes of their own: headers by dtrace -h, and for some an object by dtrace -G.
UD	:= $(TGT)/usdt
$(UD)/%.h: tests/usdt/%.d $(BUILD)/dtrace
	@mkdir -p $(@D)
	$(call Q,GEN)$(BUILD)/dtrace -x nolibs -h -s $< -o $@
$(UD)/%-probes.o: tests/usdt/%.d $(BUILD)/dtrace
	@mkdir -p $(@D)
	$(call Q,GEN)$(BUILD)/dtrace -x nolibs -G -s $< -o $@
$(UD)/libapplib.so: tests/usdt/applib.c $(UD)/applib.h $(UD)/applib-probes.o
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -I$(UD) -shared -fPIC -o $@ $< $(UD)/applib-probes.o
APPS	:= $(addprefix $(UD)/app,-O0 -nopie -static -stripped -linked -cxx) $(UD)/app
$(APPS): LINK = -L$(UD) -lapplib -Wl,-rpath,'$$ORIGIN'
$(UD)/app-O0: TGT_CFLAGS += -O0
$(UD)/app-nopie: TGT_CFLAGS += -fno-pie -no-pie
$(UD)/app-static: LINK = -static tests/usdt/applib.c
$(UD)/app-stripped: TGT_CFLAGS += -s
$(UD)/app-linked: LINK += $(UD)/app-probes.o
$(UD)/app-linked: $(UD)/app-probes.o
$(UD)/app-cxx: TGT_CFLAGS += -x c++
$(APPS): tests/usdt/app.c $(UD)/app.h $(UD)/applib.h $(UD)/libapplib.so
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -D_GNU_SOURCE -I$(UD) -o $@ $< $(if $(findstring c++,$(TGT_CFLAGS)),-x none) $(LINK)
$(UD)/opener: tests/usdt/opener.c $(UD)/libapplib.so
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -o $@ $< -ldl
$(UD)/appcc: tests/usdt/appcc.cc $(UD)/appcc.h
	$(call Q,CXX)$(CXX) $(TGT_CFLAGS) -I$(UD) -DSECOND -c -o $@-second.o $<
	$(call Q,CXX)$(CXX) $(TGT_CFLAGS) -I$(UD) -o $@ $< $@-second.o
$(UD)/badnotes.so: tests/usdt/badnotes.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -shared -fPIC -o $@ $<
$(UD)/lacks: tests/usdt/lacks.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -o $@ $<
$(UD)/sdt-%: tests/usdt/sdt.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TGT_CFLAGS) -$* -o $@ $<

# ---- Install -------------------------------------------------------------------

KVER	= $(shell modinfo -F vermagic $(BUILD)/dtrace.ko 2>/dev/null | cut -d' ' -f1)
INSTALLED = $(PREFIX)/sbin/dtrace $(LIBDIR)/libdtrace.so $(LIBDIR)/libdtrace.so.$(SOMAJOR) \
	$(LIBDIR)/pkgconfig/libdtrace.pc $(PREFIX)/include/dtrace.h $(PREFIX)/include/sys/dtrace.h \
	$(patsubst include/%,$(PREFIX)/include/%,$(ABI_HEADERS)) $(PREFIX)/share/man/man1/dtrace.1
# The command finds its library wherever both are put, DESTDIR included.
RPATH	= $$ORIGIN/$(shell realpath -m --relative-to=$(PREFIX)/sbin $(LIBDIR))
# Folders that uninstall takes back if they are empty; a system's own ones stay.
FOLDERS	= include/dtrace include/sys $(if $(DESTDIR)$(filter-out /usr /usr/local,$(PREFIX)), \
	sbin share/man/man1 $(patsubst $(PREFIX)/%,%,$(filter $(PREFIX)/%,$(LIBDIR)/pkgconfig $(LIBDIR))))

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin
	$(CC) $(CFLAGS) -o $(DESTDIR)$(PREFIX)/sbin/dtrace $(CMD_OBJ) -L$(BUILD) -ldtrace -Wl,-rpath,'$(RPATH)'
	install -D -m 644 $(BUILD)/libdtrace.so.$(SOMAJOR) $(DESTDIR)$(LIBDIR)/libdtrace.so.$(SOMAJOR)
	ln -sf libdtrace.so.$(SOMAJOR) $(DESTDIR)$(LIBDIR)/libdtrace.so
	$(call install_headers,$(DESTDIR)$(PREFIX)/include)
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' userland/libdtrace/libdtrace.pc.in \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/libdtrace.pc
	for d in $$(cd dlang/lib && find * -name '*.d'); do \
		install -D -m 644 dlang/lib/$$d $(DESTDIR)$(PREFIX)/lib/dtrace/$$d || exit 1; done
	install -D -m 644 userland/dtrace/dtrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/dtrace.1
	install -D -m 644 $(BUILD)/dtrace.ko $(DESTDIR)/lib/modules/$(KVER)/updates/dtrace.ko
	test -n "$(DESTDIR)" || { ldconfig; depmod $(KVER); }

uninstall:
	rm -f $(INSTALLED:%=$(DESTDIR)%) $(DESTDIR)/lib/modules/*/updates/dtrace.ko
	rm -rf $(DESTDIR)$(PREFIX)/lib/dtrace
	-cd $(DESTDIR)$(PREFIX) && rmdir -p --ignore-fail-on-non-empty $(FOLDERS) 2>/dev/null
	-cd $(DESTDIR)/ && rmdir $(if $(DESTDIR),-p) --ignore-fail-on-non-empty $(PREFIX:/%=%) lib/modules/*/updates 2>/dev/null
	test -n "$(DESTDIR)" || { ldconfig; depmod; }

style:
	tools/style

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/san $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)
