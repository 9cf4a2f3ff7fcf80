# sg_embed_migrations(TARGET): puts migrations/*.sql into the target, and a table of them, in order, for the migrator.
function(sg_embed_migrations target)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/migrations/*.sql)
  list(SORT files)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
      message(FATAL_ERROR "migrations/${name}.sql: the name must be four digits, an underscore and words.")
    endif()
    math(EXPR version "1${CMAKE_MATCH_1} - 10000")
    sg_embed(${target} migration_${name} ${file})
    string(APPEND declarations "extern const char migration_${name}_begin[], migration_${name}_end[];\n")
    string(APPEND entries "    {${version}, \"${name}\", {migration_${name}_begin, migration_${name}_end}},\n")
  endforeach()
  set(table ${PROJECT_BINARY_DIR}/embedded/migrations.cpp)
  file(CONFIGURE OUTPUT ${table} @ONLY CONTENT
"// Written by cmake/migrations.cmake.
#include \"migrator.hpp\"

extern \"C\" {
@declarations@}

namespace spidergate::store {

std::span<const migration> embedded_migrations() {
  static const migration all[] = {
@entries@  };
  return all;
}

}  // namespace spidergate::store
")
  target_sources(${target} PRIVATE ${table})
endfunction()
