# cmake -DOUT=<file.c> -DNAME=<identifier> -DHEADER=<file.h> -P embed.cmake -- FILE... : the files, one
# after the other, as one zero-terminated array of bytes NAME with NAME_len, which HEADER declares.
# Bytes and not a string: C11 promises only 4095 characters.
set(hex "")
math(EXPR last "${CMAKE_ARGC} - 1")
set(at_files FALSE)
foreach(i RANGE 1 ${last})
  if(at_files)
    file(READ ${CMAKE_ARGV${i}} part HEX)
    string(APPEND hex ${part})
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(at_files TRUE)
  endif()
endforeach()
string(LENGTH ${hex} n)
math(EXPR n "${n} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes ${hex})
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes ${bytes})
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nconst size_t ${NAME}_len = ${n};\n"
                  "const unsigned char ${NAME}[] = {\n${bytes}0};\n")
