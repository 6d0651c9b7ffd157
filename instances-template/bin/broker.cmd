@echo off
rem Starts the command line of this broker instance: run, encrypt, decrypt, help, version.
rem
rem   NODE            the node executable (NODECMD is the same); node of the PATH by default
rem   NODE_FLAGS      flags of node, such as --max-old-space-size=2048
rem   APOLLO_OPTS     -Dname=value makes ${name} available in etc\apollo.xml
rem   APOLLO_DEBUG    any value opens node's debugger on port 5005 of this machine
rem   TSAPOLLO_HOME   another installation than the one that created this instance
setlocal

if "%APOLLO_BASE%"=="" for %%i in ("%~dp0..") do set "APOLLO_BASE=%%~fi"
set "TSAPOLLO_BASE=%APOLLO_BASE%"
rem A small young generation: it costs no time here, and the memory of 1,000 connections less.
set "NODE_FLAGS=--max-semi-space-size=8 %NODE_FLAGS%"

set "ENTRY=${entry}"
if "%TSAPOLLO_HOME%"=="" goto entry_chosen
set "ENTRY=%TSAPOLLO_HOME%\packages\cli\bin\tsapollo.js"
if not exist "%ENTRY%" set "ENTRY=%TSAPOLLO_HOME%\bin\tsapollo.js"
if not exist "%ENTRY%" set "ENTRY=%TSAPOLLO_HOME%\node_modules\@tsapollo\cli\bin\tsapollo.js"
:entry_chosen
if exist "%ENTRY%" goto entry_found
echo tsapollo is not installed at "%ENTRY%": set TSAPOLLO_HOME to the folder where it is. 1>&2
exit /b 1
:entry_found

if "%NODE%"=="" set "NODE=%NODECMD%"
if "%NODE%"=="" set "NODE=node"
if not "%APOLLO_DEBUG%"=="" set "NODE_FLAGS=%NODE_FLAGS% --inspect=127.0.0.1:5005"

"%NODE%" %NODE_FLAGS% "%ENTRY%" %*
exit /b %ERRORLEVEL%
