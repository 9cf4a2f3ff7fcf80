# GCC 12 miscompiles C++20 coroutines (see CONTRIBUTING.md, "The compiler"), so it is refused outright.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++20 coroutines: use clang >= 16 or GCC >= 13 (scripts/build installs clang 19).")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} is too old: use clang >= 16 or GCC >= 13.")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(LLD NAMES ld.lld-19 ld.lld)
if(LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()
if(LLD AND CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  # What has not changed since the last link is not optimised again.
  add_link_options(-Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/link-cache)
  # What nobody uses goes, the same code is there once, relocations take a bit each instead of 24 bytes: 0.4 MB less in memory.
  add_link_options(-Wl,--gc-sections -Wl,--icf=safe -Wl,-z,pack-relative-relocs)
endif()
