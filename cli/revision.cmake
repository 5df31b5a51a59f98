# cmake -DSOURCE=<checkout> -DOUT=<file.c> -P revision.cmake : the revision that is built, "" where
# SOURCE is no checkout of its own; "+" behind it when files differ from it.
set(revision "")
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND ${GIT} -C ${SOURCE} status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changed ERROR_QUIET)
  if(revision AND changed)
    string(APPEND revision "+")
  endif()
endif()
set(build "")
if(revision)
  string(REGEX REPLACE "[+]$" ".changed" build "+${revision}")
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#include \"version.h\"\n
const char version_revision[] = \"${revision}\";
const char version_full[] = ETAS_RELEASE \"${build}\";\n")
