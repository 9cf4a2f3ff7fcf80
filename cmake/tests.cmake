option(SPIDERGATE_TESTS "build the unit, contract and golden tests" ON)

# One executable per room, so that working on a room builds and runs only its own tests.
function(sg_tests kind)
  file(GLOB rooms RELATIVE ${PROJECT_SOURCE_DIR}/tests/${kind} CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${kind}/*)
  foreach(room IN LISTS rooms)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${kind}/${room}/*.cpp)
    if(sources)
      add_executable(${kind}_${room} ${sources})
      target_link_libraries(${kind}_${room} PRIVATE sg_${room} sg_flags GTest::gtest GTest::gtest_main
                            nlohmann_json::nlohmann_json)
      if(room STREQUAL "providers")
        target_link_libraries(${kind}_${room} PRIVATE sg_openai)  # what a dialect encodes is a client's body, read
      endif()
      target_include_directories(${kind}_${room} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support ${PROJECT_SOURCE_DIR}/src/${room})
      target_compile_definitions(${kind}_${room} PRIVATE SPIDERGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
      add_test(NAME ${kind}_${room} COMMAND ${kind}_${room})
    endif()
  endforeach()
endfunction()
