# Debian packages by `cpack -G DEB`, see scripts/package. Not part of an ordinary build: the prefix has
# to be /usr.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
set(directory ${CMAKE_CURRENT_BINARY_DIR}/debian)
set(soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(ETAS_MAINTAINER "etas maintainers <maintainers@users.noreply.etas.example>" CACHE STRING "Who answers for the packages")
# Of the changelog's entry; SOURCE_DATE_EPOCH says it where packages have to be equal.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME etas)
set(CPACK_PACKAGE_CONTACT "${ETAS_MAINTAINER}")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/compress.cmake)
set(CPACK_COMPONENTS_ALL programs library development worker)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# cpack indents what follows the first line.
set(about "Earthquake forecasts with the ETAS model (epidemic-type aftershock sequence):
parameters from a catalogue, then tens of thousands of its possible
continuations, on one machine or on a pool of workers that share one Redis
server.

This package has")

set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME etas)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_RECOMMENDS "redis-server (>= 5:7.0)")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SUGGESTS librsvg2-2)
set(CPACK_DEBIAN_PROGRAMS_DESCRIPTION "earthquake forecasts with the ETAS model
${about} the programs etas, etas-redis-worker and etas-redis-manager.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libetas${soversion})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/triggers)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "earthquake forecasts with the ETAS model, shared library
${about} the library; the programs do without it.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libetas-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libetas${soversion} (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "earthquake forecasts with the ETAS model, development files
${about} headers, pkg-config and CMake files for programs in C and C++
that use the library.")

set(CPACK_DEBIAN_WORKER_PACKAGE_NAME etas-worker)
set(CPACK_DEBIAN_WORKER_PACKAGE_SECTION science)
set(CPACK_DEBIAN_WORKER_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_WORKER_PACKAGE_DEPENDS "etas (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_WORKER_PACKAGE_SUGGESTS "redis-server (>= 5:7.0)")
set(CPACK_DEBIAN_WORKER_PACKAGE_CONTROL_EXTRA
  "${directory}/conffiles;${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst;${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm")
set(CPACK_DEBIAN_WORKER_DESCRIPTION "earthquake forecasts with the ETAS model, worker service
${about} systemd units for a worker of a pool and for the pool's status
page. They are switched on by hand.")

# What every package has in /usr/share/doc/PACKAGE, and the worker's configuration.
configure_file(debian/changelog.in ${directory}/changelog @ONLY)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  install(FILES debian/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
  install(FILES ${directory}/changelog RENAME changelog.Debian
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
  set(overrides "${package}: initial-upload-closes-no-bugs *")
  if(component STREQUAL "library")
    string(APPEND overrides "\n# cpack calls it too; the trigger does the same once more.\n${package}: maintscript-calls-ldconfig *")
  endif()
  configure_file(debian/overrides.in ${directory}/${package} @ONLY)
  install(FILES ${directory}/${package} DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${component})
endforeach()
install(FILES debian/worker-default.conf debian/pool-status.conf DESTINATION /etc/etas COMPONENT worker)
file(WRITE ${directory}/conffiles "/etc/etas/worker-default.conf\n/etc/etas/pool-status.conf\n")

include(CPack)
