find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
if(NOT TARGET SQLite::SQLite3)
  add_library(SQLite::SQLite3 ALIAS SQLite3::SQLite3)
endif()

# Of libpq only the header is needed: the library is loaded when a PostgreSQL database is configured.
find_path(PQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(libpq INTERFACE IMPORTED)
target_link_libraries(libpq INTERFACE ${CMAKE_DL_LIBS})
target_include_directories(libpq SYSTEM INTERFACE ${PQ_INCLUDE_DIR})

# hiredis takes Redis's answers apart; the connection is ours.
find_library(HIREDIS_LIBRARY hiredis REQUIRED)
find_path(HIREDIS_INCLUDE_DIR hiredis/read.h REQUIRED)
add_library(hiredis INTERFACE IMPORTED)
target_link_libraries(hiredis INTERFACE ${HIREDIS_LIBRARY})
target_include_directories(hiredis SYSTEM INTERFACE ${HIREDIS_INCLUDE_DIR})

# Asio is compiled once; every other file sees declarations only.
add_library(boost_asio STATIC ${PROJECT_SOURCE_DIR}/src/boost/asio.cpp)
target_compile_definitions(boost_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(boost_asio PUBLIC Boost::headers Threads::Threads)
