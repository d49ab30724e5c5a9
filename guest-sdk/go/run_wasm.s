// Lets run_wasip1.go declare a function whose body is elsewhere.
