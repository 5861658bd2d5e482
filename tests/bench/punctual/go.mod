module punctual

go 1.24
