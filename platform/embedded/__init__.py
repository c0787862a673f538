"""PostgreSQL and Redis out of Python wheels, and the processes beside them, under one run folder.

Plain Python on Linux (it reads /proc): it imports nothing of the project and nothing of Django.
"""
