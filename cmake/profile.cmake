# Profile-guided optimisation: clang lays the code out by what requests were seen to do, and keeps together what they run through.
# SPIDERGATE_PROFILE is such a recording, or "record" for a binary that makes one; tests/bench/learn does both. A function that has
# changed since the recording is compiled as if there were none, which is what the warnings that are turned off would say.
set(SPIDERGATE_PROFILE "" CACHE STRING "a recording of clang's to optimise by, or 'record'")
if(SPIDERGATE_PROFILE STREQUAL "record")
  add_compile_options(-fprofile-generate -fprofile-update=atomic)
  add_link_options(-fprofile-generate)
elseif(SPIDERGATE_PROFILE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fprofile-use=${SPIDERGATE_PROFILE}
                      -Wno-backend-plugin -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SPIDERGATE_PROFILE})
endif()
