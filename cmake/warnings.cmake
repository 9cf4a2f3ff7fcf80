# sg_flags carries what every target of ours is compiled with; libraries from outside are SYSTEM.
add_library(sg_flags INTERFACE)
target_compile_options(sg_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # Leaving fields out of a designated initializer is what designated initializers are for.
  -Wno-missing-field-initializers)

# TSan warns on atomic_thread_fence inside standard headers, which is not ours to mend.
if(NOT SPIDERGATE_SANITIZE STREQUAL "thread")
  target_compile_options(sg_flags INTERFACE -Werror)
endif()
target_include_directories(sg_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
