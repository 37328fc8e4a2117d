module planted
