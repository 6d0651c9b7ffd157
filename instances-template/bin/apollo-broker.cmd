@echo off
rem The name that bin\broker.cmd has in an Apollo instance.
setlocal
set "TSAPOLLO_PROGRAM=apollo-broker"
call "%~dp0broker.cmd" %*
exit /b %ERRORLEVEL%
