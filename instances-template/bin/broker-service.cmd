@echo off
rem Runs the broker as a Windows service: install, uninstall, start, stop, restart, status.
rem Needs WinSW (Windows Service Wrapper): save its program as broker-service.exe beside broker-service.xml.
if exist "%~dp0broker-service.exe" goto found
echo "%~dp0broker-service.exe" is missing: download WinSW 2 or newer and save it under this name. 1>&2
exit /b 1
:found
"%~dp0broker-service.exe" %*
exit /b %ERRORLEVEL%
