# Run by cpack when everything lies in its place: Debian's manual pages and changelogs are compressed, and
# the program's own changelog has Debian's name.
file(GLOB changelogs ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/CHANGELOG.md)
foreach(changelog IN LISTS changelogs)
  get_filename_component(folder ${changelog} DIRECTORY)
  file(RENAME ${changelog} ${folder}/changelog)
endforeach()
file(GLOB_RECURSE texts ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*.1
  ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog.Debian)
foreach(text IN LISTS texts)
  execute_process(COMMAND gzip -9n ${text} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
