@echo off
rem The name that bin\broker-service.cmd has in an Apollo instance.
call "%~dp0broker-service.cmd" %*
exit /b %ERRORLEVEL%
