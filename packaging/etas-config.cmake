# find_package(etas CONFIG): the target etas::etas. What the library needs is its own affair: it is a
# shared one, and its headers include no others.
include(${CMAKE_CURRENT_LIST_DIR}/etas-targets.cmake)
